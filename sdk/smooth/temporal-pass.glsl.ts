import { sampleBicubic } from '../composite/sampling.glsl';

/**
 * Shader of `TemporalPass`. The previous result is moved to where the face is now and limited to the colours found
 * around the same place in the new picture (their mean and spread): flicker stays within them and is averaged away,
 * while a thing that has moved on or changed lies outside them and leaves no ghost.
 * Straight RGB and matte throughout, row 0 at the top. MOVED: the past does not lie where it is wanted.
 */
export const temporalProgram = {
  name: 'TemporalPass',
  vertex: /* glsl */ `#version 300 es
uniform mat3 previousFromCurrent;
out vec2 before;
void main() {
  vec2 at = vec2(gl_VertexID == 1 ? 2.0 : 0.0, gl_VertexID == 2 ? 2.0 : 0.0);
  before = (previousFromCurrent * vec3(at, 1.0)).xy;
  gl_Position = vec4(2.0 * at - 1.0, 0.0, 1.0);
}
`,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D incoming;
uniform sampler2D history;
uniform float newShare;
in vec2 before;
out vec4 color;

// One step of 8 bits is lost to rounding at each blend, so that much may history differ.
const float TOLERANCE = 2.0 / 255.0;
// Square of the number of standard deviations that history may differ.
const float SPREAD = 1.6;
// Share of the new picture per unit of distance between history and the new picture's colours.
const float DISTRUST = 7.0;
// Added share of the new picture where it differs clearly, and the square of the difference that counts as clear:
// small differences are noise, and 8 bits would never catch up with large ones in small steps.
const float TRUST = 0.2;
const float CLEAR = 0.0004;

#ifdef MOVED
${sampleBicubic}
#endif

vec4 total;
vec4 squares;

void look(ivec2 place) {
  vec4 near = texelFetch(incoming, place, 0);
  total += near;
  squares += near * near;
}

void main() {
  ivec2 here = ivec2(gl_FragCoord.xy);
  vec4 now = texelFetch(incoming, here, 0);
  total = now;
  squares = now * now;
  look(here + ivec2(-1, -1));
  look(here + ivec2(0, -1));
  look(here + ivec2(1, -1));
  look(here + ivec2(-1, 0));
  look(here + ivec2(1, 0));
  look(here + ivec2(-1, 1));
  look(here + ivec2(0, 1));
  look(here + ivec2(1, 1));
  vec4 mean = total / 9.0;
  vec4 own = now - mean;
  // A fine line or a small light differs from its surroundings and must not be limited to them.
  vec4 reach = sqrt(abs(SPREAD * (squares / 9.0 - mean * mean)) + own * own) + TOLERANCE;
#ifdef MOVED
  vec4 past = sampleBicubic(history, before);
#else
  vec4 past = texelFetch(history, here, 0);
#endif
  vec4 limited = clamp(past, mean - reach, mean + reach);
  float distance = dot(abs(past - limited), vec4(1.0));
  vec4 change = now - limited;
  vec4 clear = change * change / (change * change + CLEAR);
  vec4 share = mix(newShare, 1.0, min(1.0, DISTRUST * distance)) + TRUST * clear;
  color = limited + change * min(share, 1.0);
}
`,
};
