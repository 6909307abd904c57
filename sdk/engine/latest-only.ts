import { from, Observable, type ObservableInput, type OperatorFunction } from 'rxjs';

/** A value that must be released by whoever drops it. */
export interface Closable {
  close(): void;
}

/**
 * Works on one value at a time; while one is in work only the newest waits, and each value that is overtaken is closed.
 * (`exhaustMap` would drop values without closing them, `concatMap` would queue late ones.)
 * @param work Takes the value over, closing included. Its results are passed on.
 * @param onDrop Called for each value that was closed without being worked on.
 */
export function latestOnly<T extends Closable, R>(work: (value: T) => ObservableInput<R>, onDrop: () => void = () => undefined): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      let waiting: T | undefined;
      let busy = false;
      let sourceDone = false;

      const drop = (): void => {
        if (waiting === undefined) return;
        waiting.close();
        waiting = undefined;
        onDrop();
      };

      const fail = (error: unknown): void => {
        drop();
        subscriber.error(error);
      };

      const start = (value: T): void => {
        busy = true;
        // Not unsubscribed with the rest: work that has begun ends, because it holds the value.
        from(work(value)).subscribe({ next: (result) => subscriber.next(result), error: fail, complete: proceed });
      };

      const proceed = (): void => {
        busy = false;
        const next = waiting;
        waiting = undefined;
        if (next !== undefined) start(next);
        else if (sourceDone) subscriber.complete();
      };

      const subscription = source.subscribe({
        next(value) {
          if (!busy) return start(value);
          drop();
          waiting = value;
        },
        error: fail,
        complete() {
          sourceDone = true;
          if (!busy) subscriber.complete();
        },
      });
      return () => {
        subscription.unsubscribe();
        drop();
      };
    });
}
