import { limiter } from "../oci/limiter.ts";

/** In bytes: an archive of this size may be held by each chart that is under way. Nearly all are smaller. */
const light = 4 * 1024 * 1024;
/** So many larger ones are held at once; each is there up to four times over while it is fetched, opened and pushed. */
const seats = 2;

/** Called before more than `size` bytes of an archive are held: there is room once it resolves. */
export type Admit = (size: number) => Promise<void>;

/**
 * Room in memory for what is held whole: charts are small, and a site of large ones must not take all there is (24 of 33 MB
 * took 2.8 GB, 32 being under way).
 * @returns does work that asks for room; what it was given is given back when it ends
 */
export function roomForArchives(): <T>(work: (admit: Admit) => Promise<T>) => Promise<T> {
  const heavy = limiter(seats);
  return async (work) => {
    const ended = Promise.withResolvers<void>();
    let seat: Promise<void> | undefined;
    const admit = async (size: number) => {
      if (size > light)
        seat ??= new Promise((seated) => {
          void heavy(() => {
            seated();
            return ended.promise;
          });
        });
      await seat;
    };
    try {
      return await work(admit);
    } finally {
      ended.resolve();
    }
  };
}
