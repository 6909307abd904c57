import { cropSquareVertex, frameAt } from './geometry.glsl';
import { sampleBicubic } from './sampling.glsl';

/**
 * Shader of `LayerPass`. `picture` is premultiplied. UNDERLAY mixes the untouched frame in inside the matte, for where
 * something else than the frame lies behind it. BICUBIC samples magnified pictures better. FADING mixes in the picture
 * that the head had in the style before; what is drawn may then reach beyond the crop.
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
vec4 headAt(sampler2D source, vec2 place) {
  vec4 head = sampleBicubic(source, place);
  head.a = clamp(head.a, 0.0, 1.0);
  head.rgb = clamp(head.rgb, 0.0, head.a);
  return head;
}
#else
vec4 headAt(sampler2D source, vec2 place) {
  return texture(source, place);
}
#endif

#ifdef FADING
uniform sampler2D past;
uniform mat3 pastFromCrop;
uniform float pastShare;
float inCrop(vec2 place) {
  return place == clamp(place, 0.0, 1.0) ? 1.0 : 0.0;
}
#endif

void main() {
  vec4 head = headAt(picture, at);
#ifdef FADING
  vec2 before = (pastFromCrop * vec3(at, 1.0)).xy;
  head = mix(head * inCrop(at), headAt(past, before) * inCrop(before), pastShare);
#endif
  color = head * opacity;
#ifdef UNDERLAY
  color += vec4(frameAt(gl_FragCoord.xy).rgb, 1.0) * (head.a * underlay);
#endif
}
`,
};
