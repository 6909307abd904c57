/** What lies behind the styled heads: the frame as it is, the frame blurred, or nothing at all. */
export type Background = 'keep' | 'blur' | 'transparent';

/** How the styled heads are put into the frame. Every field is optional and has a default. */
export interface CompositeSettings {
  /**
   * What lies behind the styled heads. `blur` blurs everything outside the head mattes, bodies included,
   * for the matte covers heads only. Default `keep`.
   */
  readonly background?: Background;
  /** Standard deviation of the background's blur in frame heights, 0…0.1. Default 0.02. */
  readonly blurSigma?: number;
  /** Share of the styled picture inside the matte, 0 (the photo) … 1. Default 1. */
  readonly opacity?: number;
  /** Softness of the matte's edge, 0 (as the network drew it) … 1 (5 % of the crop's width). Default 0.15. */
  readonly feather?: number;
  /** How far the styled colours are moved to the photo's mean and spread under the matte, 0…1. Default 0. */
  readonly colorMatch?: number;
  /**
   * How heads larger than the network's picture are sampled: `bicubic` keeps ink lines crisp and costs five reads
   * instead of one. Default `auto`: `bicubic` on a GPU, `bilinear` in software.
   */
  readonly resampling?: 'auto' | 'bilinear' | 'bicubic';
  /** Whether the picture is flipped left to right. Default false. */
  readonly mirror?: boolean;
  /** Whether the picture is kept so that `hold()` can show it again; costs a copy per frame. Default false. */
  readonly retain?: boolean;
}

/** {@link CompositeSettings} with every default filled in and every number inside its range. */
export type ResolvedCompositeSettings = Required<CompositeSettings>;

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Fills in defaults and clamps numbers to their ranges: sliders may overshoot. */
export function resolveCompositeSettings(settings: CompositeSettings): ResolvedCompositeSettings {
  return {
    background: settings.background ?? 'keep',
    blurSigma: clamp(settings.blurSigma ?? 0.02, 0, 0.1),
    opacity: clamp(settings.opacity ?? 1, 0, 1),
    feather: clamp(settings.feather ?? 0.15, 0, 1),
    colorMatch: clamp(settings.colorMatch ?? 0, 0, 1),
    resampling: settings.resampling ?? 'auto',
    mirror: settings.mirror ?? false,
    retain: settings.retain ?? false,
  };
}
