import { user } from "./helm.ts";
import { behindNginx, secure } from "./secure.ts";
import type { Bench, Need } from "./support.ts";

/** A way into our registry, as each client must find it. */
export interface Door {
  readonly host: string;
  /** Whether one must log in, as `user`. */
  readonly locked: boolean;
  /** The file of the certificate to trust; plain http where there is none. */
  readonly authority: string | undefined;
}

interface Doorway {
  readonly title: string;
  /** What must be installed for it. */
  readonly needs: readonly Need[];
  open(bench: Bench): Promise<Door>;
}

/** All doors there are. */
export const doors: readonly Doorway[] = [
  {
    title: "http",
    needs: [],
    open: async (bench) => ({ ...(await bench.chartroom()), locked: false, authority: undefined }),
  },
  {
    title: "http, by whole URLs",
    needs: [],
    open: async (bench) => {
      const registry = await bench.chartroom([], { REGISTRY_HTTP_RELATIVEURLS: "false" });
      return { ...registry, locked: false, authority: undefined };
    },
  },
  {
    title: "http with a login",
    needs: [],
    open: async (bench) => ({ ...(await bench.chartroom([user])), locked: true, authority: undefined }),
  },
  {
    title: "https with a login",
    needs: [],
    open: async (bench) => ({ ...(await secure(bench)), locked: true }),
  },
  {
    title: "https of nginx with a login",
    needs: ["nginx"],
    open: async (bench) => ({ ...(await behindNginx(bench, await bench.chartroom([user]))), locked: true }),
  },
];
