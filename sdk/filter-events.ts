import { BehaviorSubject, ReplaySubject } from 'rxjs';
import type { FilterStats } from './engine/stats';
import type { FilterError } from './errors';

/**
 * Where a filter stands. `loading`: another model is being loaded, frames go on in the old style. `waiting`: ready, but the
 * source has given no picture yet. `running`: pictures go out. `paused`: by `pause()`. `ended`: the source gives no more.
 * `failed`: a fatal error; frames go out unstyled, or as the privacy option says. `detached`: everything is freed.
 */
export type FilterState = 'loading' | 'waiting' | 'running' | 'paused' | 'ended' | 'failed' | 'detached';

/** How many errors are kept for whoever subscribes late, such as warnings from loading. */
const KEPT_ERRORS = 16;

/** What a filter tells: where it stands, how fast it is, what went wrong. */
export class FilterEvents {
  readonly state = new BehaviorSubject<FilterState>('loading');
  readonly stats = new ReplaySubject<FilterStats>(1);
  readonly errors = new ReplaySubject<FilterError>(KEPT_ERRORS);

  /** Moves to a state; saying the same one again tells nobody. */
  enter(state: FilterState): void {
    if (state !== this.state.value) this.state.next(state);
  }

  /** Nothing more will be told. Idempotent. */
  complete(): void {
    this.state.complete();
    this.stats.complete();
    this.errors.complete();
  }
}
