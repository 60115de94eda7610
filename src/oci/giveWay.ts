/**
 * Give way to what waits for the thread: requests that came, answers of the disk. Whoever works for long where everybody is answered
 * does so every millisecond or few.
 */
export const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
