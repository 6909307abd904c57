import { cropSquareVertex, frameAt } from './geometry.glsl';
import { sampleBicubic } from './sampling.glsl';

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
${sampleBicubic}
#endif

void main() {
#ifdef BICUBIC
  vec4 head = sampleBicubic(picture, at);
  head.a = clamp(head.a, 0.0, 1.0);
  head.rgb = clamp(head.rgb, 0.0, head.a);
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
