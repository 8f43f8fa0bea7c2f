/** A controller whose signal counts the listeners that were added and not taken away. */
export function countedStopper(): {
  readonly stopper: AbortController;
  readonly listeners: () => number;
} {
  const stopper = new AbortController();
  const { signal } = stopper;
  const listening = new Set<EventListenerOrEventListenerObject>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ) => {
    listening.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ) => {
    listening.delete(listener);
    remove(type, listener, options);
  };
  return { stopper, listeners: () => listening.size };
}
