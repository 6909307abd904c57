import { fullScreenVertex } from './geometry.glsl';

/** Cells along each edge of the crop in which means are taken. */
export const STATISTICS_CELLS = 16;

/** Luma and two colour differences: nearly independent for faces, and a linear map away from RGB. */
export const colorSpace = /* glsl */ `
const mat3 ycocgFromRgb = mat3(0.25, 0.5, -0.25, 0.5, 0.0, 0.5, 0.25, -0.5, -0.25);
const mat3 rgbFromYcocg = mat3(1.0, 1.0, 1.0, 1.0, 0.0, -1.0, -1.0, 1.0, -1.0);

vec3 matchColors(vec3 rgb, sampler2D colors, float amount) {
  vec3 scale = texelFetch(colors, ivec2(0, 0), 0).rgb;
  vec3 offset = texelFetch(colors, ivec2(1, 0), 0).rgb;
  vec3 from = ycocgFromRgb * rgb;
  return clamp(rgbFromYcocg * mix(from, from * scale + offset, amount), 0.0, 1.0);
}
`;

/**
 * First shader of `ColorMatchPass`: the mean colours under the matte, cell by cell; the photo's in the
 * left half, the styled face's in the right. Alpha is the cell's weight, colours are multiplied by it.
 */
export const cellMeansProgram = {
  name: 'ColorMatchPass (cell means)',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D styled;
uniform sampler2D frame;
uniform mat3 frameFromCrop;
uniform vec2 frameSizePx;
out vec4 color;
void main() {
  ivec2 cell = ivec2(gl_FragCoord.xy);
  bool isPhoto = cell.x < ${STATISTICS_CELLS};
  vec2 corner = vec2(cell.x % ${STATISTICS_CELLS}, cell.y);
  vec4 sum = vec4(0.0);
  for (int i = 0; i < 16; i++) {
    vec2 at = (corner + (vec2(i & 3, i >> 2) + 0.5) / 4.0) / ${STATISTICS_CELLS}.0;
    vec2 place = (frameFromCrop * vec3(at, 1.0)).xy / frameSizePx;
    vec4 face = textureLod(styled, at, 0.0);
    if (any(lessThan(place, vec2(0.0))) || any(greaterThan(place, vec2(1.0)))) continue;
    vec3 rgb = isPhoto ? textureLod(frame, place, 0.0).rgb : face.rgb;
    sum += vec4(rgb * face.a, face.a);
  }
  color = sum / 16.0;
}
`,
};

/**
 * Second shader of `ColorMatchPass`: from the cells to what `matchColors` needs, texel 0 the scale and texel 1 the
 * offset. The scale is limited, so that a flat photo or a flat drawing does not wash out or burn the other.
 */
export const solveProgram = {
  name: 'ColorMatchPass (solve)',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D cells;
out vec4 color;
${colorSpace}
const int N = ${STATISTICS_CELLS};

void statistics(int firstColumn, out vec3 mean, out vec3 deviation, out float weight) {
  vec3 sum = vec3(0.0);
  vec3 squares = vec3(0.0);
  weight = 0.0;
  for (int y = 0; y < N; y++) {
    for (int x = 0; x < N; x++) {
      vec4 cell = texelFetch(cells, ivec2(firstColumn + x, y), 0);
      if (cell.a < 0.02) continue;
      vec3 value = ycocgFromRgb * (cell.rgb / cell.a);
      sum += value * cell.a;
      squares += value * value * cell.a;
      weight += cell.a;
    }
  }
  mean = sum / max(weight, 1e-4);
  deviation = sqrt(max(squares / max(weight, 1e-4) - mean * mean, 0.0));
}

void main() {
  vec3 photoMean, photoDeviation, styledMean, styledDeviation;
  float weight, styledWeight;
  statistics(0, photoMean, photoDeviation, weight);
  statistics(N, styledMean, styledDeviation, styledWeight);
  vec3 scale = clamp((photoDeviation + 0.01) / (styledDeviation + 0.01), 0.7, 1.4);
  vec3 offset = photoMean - scale * styledMean;
  bool isEmpty = weight < 1.0;
  bool isScale = gl_FragCoord.x < 1.0;
  color = vec4(isEmpty ? vec3(isScale ? 1.0 : 0.0) : isScale ? scale : offset, 1.0);
}
`,
};
