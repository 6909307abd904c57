import { attach, createProcessor, encode, stylize } from './style-filter';
import { support } from './support';

/** The library: `attach` for video, `stylize` for one picture, `createProcessor` for frames one by one, `encode` for a look of a picture, `support` for what this browser can do. */
export const StyleFilter = { attach, stylize, createProcessor, encode, support } as const;

export { FilterError, type FilterErrorCode, type FilterErrorInit, type FilterErrorStage } from './errors';
export type { FilterHandle } from './filter-handle';
export type { FrameProcessor, ProcessedFrame } from './frame-processor';
export type { FilterState } from './filter-events';
export type { FilterStats } from './engine/stats';
export type { Percentiles } from './engine/stage-timer';
export type { EncodeOptions, LiveOptions, LoadProgress, StyleBlend, StyleFilterOptions, StyleMix, StyleOptions } from './options';
export type { CameraRequest } from './source/camera-source';
export type { StillImage } from './source/image-source';
export type { FilterSource } from './source/open-source';
export type { SupportReport } from './support';
export type { TrackOutput } from './sink/output-track';
export type { Backend, StageName } from './types';
