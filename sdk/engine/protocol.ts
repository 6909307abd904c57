import type { FilterError } from '../errors';
import type { EngineSettings, LoadProgress } from '../options';
import type { Backend } from '../types';
import { fromErrorData, PortCalls, toErrorData, Transferred, type ErrorData } from './port-calls';
import type { FilterStats } from './stats';

/** What the engine needs to start. */
export interface EngineInit {
  /** Folder of models, packs, face model and WASM, as an absolute URL ending in a slash. */
  readonly assetBase: string;
  readonly settings: EngineSettings;
  /** Whether pictures follow one another; if not, nothing is smoothed or faded over time. */
  readonly mode: 'video' | 'still';
  /** Canvas to draw on. Default: one of the engine's own. */
  readonly canvas?: OffscreenCanvas | undefined;
}

/** What the engine came up with. */
export interface EngineInfo {
  readonly backend: Backend;
  readonly modelId: string;
  /** Track that shows the picture, where the browser makes tracks in workers only. */
  readonly track?: MediaStreamTrack | undefined;
}

/** One frame that the page took from its source. */
export interface PostedFrame {
  readonly image: VideoFrame | ImageBitmap;
  readonly timestampUs: number;
  /** How many pictures the source skipped since the last one because the engine was busy. */
  readonly skipped: number;
}

/** What `process` answers. */
export interface ProcessedPicture {
  /** The whole picture; unstyled, or what the privacy option wants, if there is an error. */
  readonly picture: VideoFrame;
  /** How many faces were styled. */
  readonly faces: number;
  readonly error: ErrorData | undefined;
}

/** Where an engine stands, apart from what the page alone knows. */
export type EngineState = 'waiting' | 'running' | 'failed';

/** Functions of the engine that the page calls and waits for. */
export interface EngineCalls {
  /** Loads and warms up; ends when the first frame can be styled at full speed. */
  load(init: EngineInit): Promise<EngineInfo>;
  /** Changes the settings; ends when they are in force. */
  apply(settings: EngineSettings): Promise<EngineInfo>;
  /** Styles one picture, which it takes over, when those before it are done. */
  process(frame: Omit<PostedFrame, 'skipped'>): Promise<ProcessedPicture>;
  /** Statistics up to now. */
  stats(): Promise<FilterStats>;
  /** Frees everything. */
  close(): Promise<void>;
}

/** Messages to the engine that need no answer. */
export interface EngineInputs {
  readonly stream: ReadableStream<VideoFrame>;
  readonly frame: PostedFrame;
  /** No more frames come from the source. */
  readonly end: undefined;
  readonly paused: boolean;
  /** Frames of the output track. */
  readonly trackWriter: WritableStream<VideoFrame>;
  /** Whether the engine sends ticks, for pages whose own timers sleep. */
  readonly ticking: boolean;
}

/** Messages from the engine. */
export interface EngineOutputs {
  readonly progress: LoadProgress;
  readonly stats: FilterStats;
  readonly state: EngineState;
  /** Warnings and errors, the fatal one included. */
  readonly error: ErrorData;
  /** A posted frame was taken: the next may come. */
  readonly taken: undefined;
  /** The source has given its first frame. */
  readonly fed: undefined;
  /** Size of the pictures from now on. */
  readonly size: { readonly widthPx: number; readonly heightPx: number };
  /** Whether the canvas shows the newest picture; false when drawing fails. */
  readonly shown: boolean;
  /** The newest picture is still fading: a source that stands still should give its picture once more. */
  readonly unsettled: undefined;
  /** The source's stream has ended and its last frame is done. */
  readonly ended: undefined;
  readonly tick: undefined;
}

/** Name for the build both sides must come from. */
export const PROTOCOL_VERSION = 1;

/** A worker's first word. */
export interface WorkerHello {
  readonly hello: number;
  /** Why an engine cannot run in this worker, or null. */
  readonly obstacle: string | null;
}

/** The page's end of the port. */
export class EnginePort {
  readonly #calls: PortCalls;

  /**
   * Takes the port over.
   * @param port One end of the channel.
   * @param onOutput Takes the engine's messages.
   */
  constructor(port: MessagePort, onOutput: <K extends keyof EngineOutputs>(name: K, value: EngineOutputs[K]) => void) {
    this.#calls = new PortCalls(port, {
      onCall: (name) => {
        throw new Error(`The page offers no ${name}().`);
      },
      onEvent: (name, value) => onOutput(name as keyof EngineOutputs, value as EngineOutputs[keyof EngineOutputs]),
    });
  }

  /** Calls a function of the engine. */
  call<K extends keyof EngineCalls>(name: K, argument?: Parameters<EngineCalls[K]>[0], transfer: Transferable[] = []): ReturnType<EngineCalls[K]> {
    return this.#calls.call(name, argument, transfer) as ReturnType<EngineCalls[K]>;
  }

  /** Sends a message to the engine. */
  send<K extends keyof EngineInputs>(name: K, value: EngineInputs[K], transfer: Transferable[] = []): void {
    this.#calls.send(name, value, transfer);
  }

  /** Closes the port; calls still waiting reject with `error`. */
  close(error?: FilterError): void {
    this.#calls.close(error);
  }
}

/** The engine's end of the port. */
export class PagePort {
  readonly #calls: PortCalls;

  constructor(
    port: MessagePort,
    calls: EngineCalls,
    onInput: <K extends keyof EngineInputs>(name: K, value: EngineInputs[K]) => void,
  ) {
    this.#calls = new PortCalls(port, {
      onCall: (name, argument) => (calls[name as keyof EngineCalls] as (argument: unknown) => unknown)(argument),
      onEvent: (name, value) => onInput(name as keyof EngineInputs, value as EngineInputs[keyof EngineInputs]),
    });
  }

  /** Sends a message to the page. */
  send<K extends keyof EngineOutputs>(name: K, value: EngineOutputs[K], transfer: Transferable[] = []): void {
    this.#calls.send(name, value, transfer);
  }

  /** Closes the port. */
  close(): void {
    this.#calls.close();
  }
}

export { fromErrorData, toErrorData, Transferred };
