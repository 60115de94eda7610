import { user } from "./helm.ts";
import { secure } from "./secure.ts";
import type { Bench } from "./support.ts";

/** A way into our registry, as each client must find it. */
export interface Door {
  readonly host: string;
  /** Whether one must log in, as `user`. */
  readonly locked: boolean;
  /** The file of the certificate to trust; plain http where there is none. */
  readonly authority: string | undefined;
}

/** Each door with its name. */
export const doors: readonly (readonly [name: string, open: (bench: Bench) => Promise<Door>])[] = [
  ["http", async (bench) => ({ host: (await bench.chartroom()).host, locked: false, authority: undefined })],
  [
    "http, with a login",
    async (bench) => ({ host: (await bench.chartroom([user])).host, locked: true, authority: undefined }),
  ],
  ["https, with a login", async (bench) => ({ ...(await secure(bench)), locked: true })],
];
