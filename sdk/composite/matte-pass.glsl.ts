import { colorSpace } from './color-match-pass.glsl';
import { fullScreenVertex } from './geometry.glsl';

/**
 * Shader of `MattePass`. `styled` is straight RGB and matte, row 0 at the top; the result is premultiplied.
 * The matte's neighbours are averaged on one ring, on two when the radius is large, so that wide feathers show no steps.
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
out vec4 color;
${colorSpace}

float ring(vec2 at, vec2 x, vec2 y) {
  return textureLod(styled, at + x, 0.0).a + textureLod(styled, at - x, 0.0).a
    + textureLod(styled, at + y, 0.0).a + textureLod(styled, at - y, 0.0).a;
}

void main() {
  vec2 size = vec2(textureSize(styled, 0));
  vec2 at = gl_FragCoord.xy / size;
  vec4 here = texelFetch(styled, ivec2(gl_FragCoord.xy), 0);
  float matte = here.a;
  if (featherTexels > 0.0) {
    vec2 r = 0.5 * featherTexels / size;
    float near = ring(at, r, vec2(r.x, -r.y));
    matte = featherTexels > 3.0
      ? 0.2 * matte + 0.125 * near + 0.075 * ring(at, vec2(2.0 * r.x, 0.0), vec2(0.0, 2.0 * r.y))
      : 0.25 * matte + 0.1875 * near;
  }
  vec2 inside = smoothstep(vec2(0.0), vec2(borderTexels), min(gl_FragCoord.xy, size - gl_FragCoord.xy));
  matte *= inside.x * inside.y;
  vec3 rgb = here.rgb;
  if (colorMatch > 0.0) rgb = matchColors(rgb, colors, colorMatch);
  color = vec4(rgb * matte, matte);
}
`,
};
