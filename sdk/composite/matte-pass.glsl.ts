import { colorSpace } from './color-match-pass.glsl';
import { fullScreenVertex } from './geometry.glsl';

/**
 * Shader of `MattePass`. `styled` is straight RGB and matte, row 0 at the top; the result is premultiplied.
 * The matte is averaged with its neighbours: one texel away (NARROW), or on two rings `featherTexels` wide (WIDE).
 * COLORS switches the colour match on.
 */
export const matteProgram = {
  name: 'MattePass',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D styled;
uniform sampler2D colors;
uniform float colorMatch;
uniform float featherTexels;
uniform float borderTexels;
uniform float neckTexels;
out vec4 color;
${colorSpace}

// A network's matte is never quite empty or full: what is this near to either counts as such.
const float ALMOST = 0.04;

// Premultiplied sum of four places.
vec4 sum(vec4 a, vec4 b, vec4 c, vec4 d) {
  return vec4(a.rgb * a.a + b.rgb * b.a + c.rgb * c.a + d.rgb * d.a, a.a + b.a + c.a + d.a);
}

vec4 diagonal(ivec2 at) {
  return sum(texelFetch(styled, at + 1, 0), texelFetch(styled, at - 1, 0),
    texelFetch(styled, at + ivec2(1, -1), 0), texelFetch(styled, at + ivec2(-1, 1), 0));
}

vec4 ring(vec2 at, vec2 x, vec2 y) {
  return sum(textureLod(styled, at + x, 0.0), textureLod(styled, at - x, 0.0),
    textureLod(styled, at + y, 0.0), textureLod(styled, at - y, 0.0));
}

void main() {
  vec2 size = vec2(textureSize(styled, 0));
  vec4 here = texelFetch(styled, ivec2(gl_FragCoord.xy), 0);
  float matte = here.a;
  vec3 rgb = here.rgb;
#if defined(NARROW) || defined(WIDE)
#ifdef NARROW
  vec4 near = diagonal(ivec2(gl_FragCoord.xy));
  matte = mix(matte, 0.25 * near.a, 0.375 * featherTexels);
#else
  vec2 at = gl_FragCoord.xy / size;
  vec2 r = featherTexels / size;
  vec4 near = ring(at, 0.5 * r, vec2(0.5, -0.5) * r);
  vec4 far = ring(at, vec2(r.x, 0.0), vec2(0.0, r.y));
  matte = 0.2 * matte + 0.125 * near.a + 0.075 * far.a;
  near += far;
#endif
  // Where the matte grew outwards, the head's own colour goes with it: outside, anything may be painted.
  rgb = mix(near.rgb / max(near.a, 0.001), rgb, min(1.0, 2.0 * here.a));
#endif
  matte = clamp((matte - ALMOST) / (1.0 - 2.0 * ALMOST), 0.0, 1.0);
  vec2 inside = smoothstep(vec2(0.0), vec2(borderTexels), min(gl_FragCoord.xy, size - gl_FragCoord.xy));
  float neck = smoothstep(0.0, neckTexels, size.y - gl_FragCoord.y);
  matte *= inside.x * min(inside.y, neck);
#ifdef COLORS
  rgb = matchColors(rgb, colors, colorMatch);
#endif
  color = vec4(rgb * matte, matte);
}
`,
};
