import { fullScreenVertex } from '../composite/geometry.glsl';

/**
 * Shader of `TemporalPass`. The previous result is moved to where the face is now and limited to the colours found
 * around the same place in the new picture: flicker stays within them and is averaged away, while a thing that has
 * moved on or changed lies outside them and leaves no ghost. Straight RGB and matte throughout, row 0 at the top.
 */
export const temporalProgram = {
  name: 'TemporalPass',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D incoming;
uniform sampler2D history;
uniform mat3 previousFromCurrent;
uniform float newShare;
out vec4 color;

// One step of 8 bits is lost to rounding at each blend, so that much may history differ.
const float TOLERANCE = 2.0 / 255.0;
// Beyond this distance from the new picture's colours history is dropped.
const float FOREIGN = 0.15;

void main() {
  ivec2 size = textureSize(incoming, 0);
  ivec2 here = ivec2(gl_FragCoord.xy);
  vec4 now = texelFetch(incoming, here, 0);
  vec4 low = now;
  vec4 high = now;
  for (int y = -1; y <= 1; y++) {
    for (int x = -1; x <= 1; x++) {
      vec4 near = texelFetch(incoming, clamp(here + ivec2(x, y), ivec2(0), size - 1), 0);
      low = min(low, near);
      high = max(high, near);
    }
  }
  vec2 before = (previousFromCurrent * vec3(gl_FragCoord.xy / vec2(size), 1.0)).xy;
  vec4 past = textureLod(history, before, 0.0);
  vec4 limited = clamp(past, low - TOLERANCE, high + TOLERANCE);
  vec4 off = abs(past - limited);
  float foreign = smoothstep(0.0, FOREIGN, max(max(off.r, off.g), max(off.b, off.a)));
  bool isOutside = any(lessThan(before, vec2(0.0))) || any(greaterThan(before, vec2(1.0)));
  color = mix(limited, now, isOutside ? 1.0 : mix(newShare, 1.0, foreign));
}
`,
};
