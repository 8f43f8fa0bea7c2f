/** Does `work` for every item, so many at once, beginning no more once `goesOn` says no. */
export async function pool<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
  goesOn: () => boolean = () => true,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    while (goesOn()) {
      const next = iterator.next();
      if (next.done === true) return;
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
