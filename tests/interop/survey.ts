import { digestOf } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/mediaTypes.ts";

/** Distribution gives an OCI manifest only to who says that he knows it. */
const accept = [
  mediaTypes.manifest,
  mediaTypes.index,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
].join(", ");

interface Named {
  readonly digest: string;
}

/** The members of a manifest that name others. */
interface Document {
  readonly config?: Named;
  readonly layers?: readonly Named[];
  readonly manifests?: readonly Named[];
  readonly subject?: Named;
}

/**
 * All that a registry gives, by path from `/v2/`: what it says of each, and the digest of the bytes it sends. Two registries with
 * equal surveys are the same to every client. What cannot be had has its status.
 */
export async function survey(host: string): Promise<Record<string, string>> {
  const found = new Map<string, string>();
  const get = (path: string) => fetch(`http://${host}/v2/${path}`, { headers: { accept }, proxy: false });
  const list = async <T>(path: string): Promise<T> => (await get(path)).json() as Promise<T>;

  async function look(path: string): Promise<Uint8Array | undefined> {
    if (found.has(path)) return undefined;
    found.set(path, "");
    const answer = await get(path);
    const bytes = await answer.bytes();
    const told = ["docker-content-digest", "content-type"].map((name) => answer.headers.get(name));
    found.set(path, answer.ok ? [...told, digestOf(bytes)].join(" ") : String(answer.status));
    return answer.ok ? bytes : undefined;
  }

  async function follow(repository: string, reference: string): Promise<void> {
    const bytes = await look(`${repository}/manifests/${reference}`);
    if (bytes === undefined) return;
    const {
      config,
      layers = [],
      manifests = [],
      subject,
    }: Document = JSON.parse(new TextDecoder().decode(bytes));
    for (const { digest } of [...(config === undefined ? [] : [config]), ...layers])
      await look(`${repository}/blobs/${digest}`);
    for (const { digest } of [...manifests, ...(subject === undefined ? [] : [subject])])
      await follow(repository, digest);
  }

  const { repositories } = await list<{ repositories: string[] }>("_catalog?n=1000");
  for (const repository of repositories) {
    const { tags } = await list<{ tags: string[] | null }>(`${repository}/tags/list`);
    found.set(`${repository}/tags/list`, (tags ?? []).toSorted().join(" "));
    for (const tag of tags ?? []) {
      await follow(repository, tag);
      const [digest = ""] = found.get(`${repository}/manifests/${tag}`)?.split(" ") ?? [];
      if (digest.includes(":")) await follow(repository, digest);
    }
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
