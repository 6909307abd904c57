/** Expression coefficients by name or by side; 0 for those that are not there. */
export class Blendshapes {
  /** Takes coefficients 0…1 by their ARKit names. */
  constructor(private readonly values: ReadonlyMap<string, number>) {}

  /** A coefficient; the mean of both sides where it has sides. */
  of(name: string): number {
    const [left, right] = this.sides(name);
    return this.values.get(name) ?? (left + right) / 2;
  }

  /** Both sides, the one on the left of the picture first: the person's right. */
  sides(name: string): readonly [number, number] {
    return [this.values.get(`${name}Right`) ?? 0, this.values.get(`${name}Left`) ?? 0];
  }
}
