/** Replaces built-in functions of the page's own world in a way that leaves their names, lengths and texts as they were. */

type Callable = (...args: never[]) => unknown;

/**
 * Puts `handler` before a method of a prototype; nothing happens where there is no such method.
 * @param handler Gets the original, `this` and the arguments.
 */
export function interceptMethod<T extends object>(
  prototype: T,
  name: string,
  handler: (native: (this: unknown, ...args: unknown[]) => unknown, self: T, args: unknown[]) => unknown,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (typeof descriptor?.value !== 'function') return;
  Object.defineProperty(prototype, name, { ...descriptor, value: proxied(descriptor.value as Callable, handler) });
}

/** The same for a getter. */
export function interceptGetter<T extends object>(prototype: T, name: string, handler: (native: () => unknown, self: T) => unknown): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as { readonly get?: Callable } | undefined;
  if (descriptor?.get === undefined) return;
  const get = proxied<T>(descriptor.get, (native, self) => handler(() => native.call(self), self));
  Object.defineProperty(prototype, name, { ...descriptor, get });
}

function proxied<T>(native: Callable, handler: (native: (this: unknown, ...args: unknown[]) => unknown, self: T, args: unknown[]) => unknown): () => unknown {
  return new Proxy(native, {
    apply: (target, self: T, args: unknown[]) => handler(target as (...all: unknown[]) => unknown, self, args),
  });
}
