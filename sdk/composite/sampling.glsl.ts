/**
 * Catmull-Rom from five bilinear reads, the corners' small weights left out: resampled lines stay crisp.
 * Near strong edges the result may lie a little outside 0…1. The texture must be filtered linearly.
 */
export const sampleBicubic = /* glsl */ `
vec4 sampleBicubic(sampler2D source, vec2 at) {
  vec2 size = vec2(textureSize(source, 0));
  vec2 place = at * size;
  vec2 centre = floor(place - 0.5) + 0.5;
  vec2 f = place - centre;
  vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
  vec2 w3 = f * f * (-0.5 + 0.5 * f);
  vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
  vec2 w12 = 1.0 - w0 - w3;
  vec2 p0 = (centre - 1.0) / size;
  vec2 p12 = (centre + w2 / w12) / size;
  vec2 p3 = (centre + 2.0) / size;
  vec4 sum = textureLod(source, p12, 0.0) * w12.x * w12.y
    + textureLod(source, vec2(p12.x, p0.y), 0.0) * w12.x * w0.y
    + textureLod(source, vec2(p0.x, p12.y), 0.0) * w0.x * w12.y
    + textureLod(source, vec2(p3.x, p12.y), 0.0) * w3.x * w12.y
    + textureLod(source, vec2(p12.x, p3.y), 0.0) * w12.x * w3.y;
  float weight = w12.x * w12.y + w12.x * (w0.y + w3.y) + w12.y * (w0.x + w3.x);
  return sum / weight;
}
`;
