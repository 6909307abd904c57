/** Vertex shader: one triangle that covers the whole target. */
export const fullScreenVertex = /* glsl */ `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}
`;

/** Vertex shader: a part of the crop's square where it lies in the frame; `at` is the place in the crop, [0, 1]². */
export const cropSquareVertex = /* glsl */ `#version 300 es
uniform mat3 frameFromCrop;
uniform vec2 frameSizePx;
uniform vec4 bounds;
uniform bool mirror;
out vec2 at;
void main() {
  at = mix(bounds.xy, bounds.zw, vec2(gl_VertexID & 1, gl_VertexID >> 1));
  vec2 place = (frameFromCrop * vec3(at, 1.0)).xy / frameSizePx;
  vec2 clip = vec2(2.0 * place.x - 1.0, 1.0 - 2.0 * place.y);
  gl_Position = vec4(mirror ? -clip.x : clip.x, clip.y, 0.0, 1.0);
}
`;

/**
 * The frame's own pixel under a pixel of the canvas, unsampled unless STRETCHED is defined.
 * Needs `frame`, `frameSizePx`, `mirror`.
 */
export const frameAt = /* glsl */ `
vec4 frameAt(vec2 canvasPx) {
  vec2 place = vec2(canvasPx.x, frameSizePx.y - canvasPx.y);
  if (mirror) place.x = frameSizePx.x - place.x;
#ifdef STRETCHED
  return textureLod(frame, place / frameSizePx, 0.0);
#else
  return texelFetch(frame, ivec2(place), 0);
#endif
}
`;
