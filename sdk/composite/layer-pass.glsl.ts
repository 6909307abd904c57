import { cropSquareVertex, frameAt } from './geometry.glsl';

/**
 * Shader of `LayerPass`. `picture` is premultiplied. UNDERLAY mixes the untouched frame in inside the matte, for where
 * something else than the frame lies behind it. BICUBIC samples magnified pictures better.
 */
export const layerProgram = {
  name: 'LayerPass',
  vertex: cropSquareVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform sampler2D frame;
uniform vec2 frameSizePx;
uniform bool mirror;
uniform float opacity;
uniform float underlay;
in vec2 at;
out vec4 color;
#ifdef UNDERLAY
${frameAt}
#endif

#ifdef BICUBIC
// Catmull-Rom from five bilinear reads (the corners' small weights are left out): magnified ink lines stay crisp.
vec4 sampleBicubic(vec2 at) {
  vec2 size = vec2(textureSize(picture, 0));
  vec2 place = at * size;
  vec2 centre = floor(place - 0.5) + 0.5;
  vec2 f = place - centre;
  vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
  vec2 w3 = f * f * (-0.5 + 0.5 * f);
  vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
  vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
  vec2 w12 = w1 + w2;
  vec2 p0 = (centre - 1.0) / size;
  vec2 p12 = (centre + w2 / w12) / size;
  vec2 p3 = (centre + 2.0) / size;
  vec4 middle = textureLod(picture, p12, 0.0);
  vec4 sum = middle * w12.x * w12.y
    + textureLod(picture, vec2(p12.x, p0.y), 0.0) * w12.x * w0.y
    + textureLod(picture, vec2(p0.x, p12.y), 0.0) * w0.x * w12.y
    + textureLod(picture, vec2(p3.x, p12.y), 0.0) * w3.x * w12.y
    + textureLod(picture, vec2(p12.x, p3.y), 0.0) * w12.x * w3.y;
  float weight = w12.x * w12.y + w12.x * w0.y + w0.x * w12.y + w3.x * w12.y + w12.x * w3.y;
  vec4 result = sum / weight;
  result.a = clamp(result.a, 0.0, 1.0);
  return vec4(clamp(result.rgb, 0.0, result.a), result.a);
}
#endif

void main() {
#ifdef BICUBIC
  vec4 head = sampleBicubic(at);
#else
  vec4 head = texture(picture, at);
#endif
  color = head * opacity;
#ifdef UNDERLAY
  color += vec4(frameAt(gl_FragCoord.xy).rgb, 1.0) * (head.a * underlay);
#endif
}
`,
};
