import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { manifestLimit } from "../oci/mediaTypes.ts";
import { inParallel } from "../oci/parallel.ts";
import { readVerified } from "../oci/verify.ts";
import type { LayoutIndex } from "./index.ts";
import type { Layout } from "./layout.ts";
import { mediaTypeOf } from "./manifest.ts";

/** Blobs read at once, each at most `manifestLimit` large. */
const parallel = 16;

/**
 * Every digest that index.json leads to. An entry or child that is a manifest keeps whatever its text mentions: config,
 * layers, manifests, subject, and what formats that we do not know yet may name. Rather too much than a blob that someone
 * needs.
 * @throws ChartroomError `not_verified` when an entry of index.json is missing or corrupt, node's error when the disk fails:
 *   what it needs is then unknown
 */
export async function mark(layout: Layout, index: LayoutIndex): Promise<Set<Digest>> {
  const reached = new Set<Digest>();
  const waiting: { digest: Digest; root: string | undefined }[] = [];
  const reach = (digest: Digest, root?: string) => {
    if (reached.has(digest)) return;
    reached.add(digest);
    waiting.push({ digest, root });
  };
  for (const { descriptor, name, raw } of index.entries) {
    // A layout may lack what it names (image-spec image-layout.md); an entry without a name nobody can pull again.
    const sparse =
      name === undefined && (descriptor && (await layout.blobs.stat(descriptor.digest))) === undefined;
    if (descriptor !== undefined && !sparse) reach(descriptor.digest, name ?? descriptor.digest);
    for (const digest of digestsIn(raw)) reach(digest);
  }
  while (waiting.length > 0) {
    const wave = waiting.splice(0);
    const found = await inParallel(wave, parallel, ({ digest, root }) => mentions(layout, digest, root));
    for (const digest of found.flat()) reach(digest);
  }
  return reached;
}

/** The digests that a blob's text mentions, if it is a manifest. */
async function mentions(layout: Layout, digest: Digest, root: string | undefined): Promise<Digest[]> {
  const refuse = (why: string, cause?: unknown) =>
    new ChartroomError("not_verified", `Cannot tell what ${root} needs: its manifest ${digest} ${why}`, {
      hint: `Pull or save it again, or \`chartroom chart remove ${root}\`. Nothing was freed.`,
      cause,
    });
  const size = await layout.blobs.stat(digest);
  if (size === undefined) {
    if (root === undefined) return []; // a sparse index, a foreign layer: nothing to keep
    throw refuse("is missing");
  }
  if (size > manifestLimit) return [];
  const bytes = await read(layout, { mediaType: "", digest, size }).catch((cause) => {
    // A disk that fails now says nothing of the blob: what it names must stay.
    if (!(cause instanceof ChartroomError)) throw cause;
    if (root !== undefined) throw refuse("is corrupt", cause);
    return undefined; // some layer; a corrupt child manifest keeps nothing that could still be used
  });
  if (bytes === undefined || mediaTypeOf(bytes) === undefined) return [];
  return digestsIn(JSON.parse(new TextDecoder().decode(bytes)));
}

async function read(layout: Layout, descriptor: Descriptor): Promise<Uint8Array> {
  return readVerified(await layout.blob(descriptor), descriptor);
}

/** Every string in a JSON value that is a digest. Without recursion: a manifest may be nested as deep as it is long. */
export function digestsIn(root: unknown): Digest[] {
  const digests: Digest[] = [];
  const waiting = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === "string") {
      const digest = tryDigest(value);
      if (digest !== undefined) digests.push(digest);
    } else if (typeof value === "object" && value !== null)
      for (const each of Object.values(value)) waiting.push(each);
  }
  return digests;
}
