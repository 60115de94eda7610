import { describe, expect, test } from "bun:test";
import {
  absentDigest,
  blobOf,
  type Content,
  imageOf,
  indexOf,
  pushArtifact,
  pushContent,
} from "../testing/artifacts.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { bytesOf, noise, streamOf } from "../testing/streams.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { parseTag, type Tag } from "./reference.ts";
import type { Deletes, Expected, Reads, Writes } from "./repository.ts";
import { readVerified } from "./verify.ts";

type Repository = Reads & Writes & Deletes;

/**
 * What every repository does, whatever it is made of. `make` gives an empty one for each test; `close` lets it go.
 * Whether a manifest whose children are missing is refused is each place's own affair, so the suite never pushes one.
 */
export function repositorySuite(
  name: string,
  make: () => Promise<{ repository: Repository; close(): Promise<void> }>,
): void {
  const on = (title: string, body: (repository: Repository) => Promise<void>) =>
    test(title, async () => {
      const { repository, close } = await make();
      try {
        await body(repository);
      } finally {
        await close();
      }
    });

  const tag = parseTag("1.0.0");
  const anyway = { tags: [tag], expect: "any" } as const;
  const [one, two] = [imageOf([blobOf("one")]), imageOf([blobOf("two")])];
  const push = (repository: Repository, artifact: typeof one, expected: Expected, tags: Tag[] = [tag]) =>
    pushArtifact(repository, artifact, { tags, expect: expected });
  const held = async (repository: Repository, ref: Tag | Digest) => (await repository.resolve(ref))?.digest;
  const readBlob = async (repository: Repository, { descriptor }: Content) =>
    readVerified(await repository.blob(descriptor), descriptor);

  describe(`${name}: blobs`, () => {
    const kinds = {
      small: blobOf("hello"),
      empty: blobOf(""),
      "of many chunks": blobOf(noise(300_000)),
      "by sha512": blobOf("long hash", undefined, "sha512"),
    };
    for (const [kind, blob] of Object.entries(kinds))
      on(`a blob ${kind} comes back as it went in`, async (repository) => {
        expect(await repository.has(blob.descriptor)).toBe(false);
        await pushContent(repository, blob);
        expect(await repository.has(blob.descriptor)).toBe(true);
        expect(await readBlob(repository, blob)).toEqual(blob.bytes);
      });

    on("a range gives just its bytes", async (repository) => {
      const blob = blobOf(noise(100_000));
      await pushContent(repository, blob);
      for (const [start, end] of [
        [0, 1],
        [0, 100_000],
        [40_000, 70_001],
        [99_999, 100_000],
      ] as const)
        expect(await bytesOf(await repository.blob(blob.descriptor, { start, end }))).toEqual(
          blob.bytes.slice(start, end),
        );
    });

    on("what is there already is success, one after the other and at once", async (repository) => {
      const [blob, other] = [blobOf("twice"), blobOf(noise(100_000, 2))];
      await pushContent(repository, blob);
      await pushContent(repository, blob);
      await Promise.all([pushContent(repository, other), pushContent(repository, other)]);
      expect(await readBlob(repository, other)).toEqual(other.bytes);
    });

    const right = blobOf("the right bytes");
    for (const wrong of ["the wrong bytes", "the right byte", "the right bytes!", ""])
      on(`"${wrong}" under another's digest is refused, and nothing shows`, async (repository) => {
        const bytes = new TextEncoder().encode(wrong);
        const pushed = repository.pushBlob(right.descriptor, async (from) => streamOf(bytes.subarray(from)));
        expect(await codeOf(pushed)).toBe("not_verified");
        expect(await repository.has(right.descriptor)).toBe(false);
        await pushContent(repository, right);
        expect(await readBlob(repository, right)).toEqual(right.bytes);
      });

    on("a body that breaks off leaves nothing visible, and a repeat completes", async (repository) => {
      const blob = blobOf(noise(200_000));
      const broken = async (from: number) =>
        streamOf(blob.bytes.subarray(from, 90_000), { fail: new Error("the source broke off") });
      expect(await failureOf(repository.pushBlob(blob.descriptor, broken))).toBeInstanceOf(Error);
      expect(await repository.has(blob.descriptor)).toBe(false);
      await pushContent(repository, blob);
      expect(await readBlob(repository, blob)).toEqual(blob.bytes);
    });

    on("an unknown blob is not found", async (repository) => {
      await pushContent(repository, blobOf("some other"));
      const { descriptor } = blobOf("never pushed");
      expect(await repository.has(descriptor)).toBe(false);
      expect(await codeOf(repository.blob(descriptor))).toBe("not_found");
    });
  });

  describe(`${name}: manifests`, () => {
    on("a manifest keeps its exact bytes, by tag and by digest", async (repository) => {
      await push(repository, one, "any");
      for (const ref of [tag, one.descriptor.digest]) {
        expect(await repository.resolve(ref)).toMatchObject(one.descriptor);
        const stored = await repository.manifest(ref);
        expect(stored?.descriptor).toMatchObject(one.descriptor);
        expect(stored?.bytes).toEqual(one.bytes);
      }
    });

    on("an index is kept like any manifest", async (repository) => {
      const index = indexOf([one, two]);
      await push(repository, index, "any");
      expect((await repository.manifest(tag))?.bytes).toEqual(index.bytes);
      expect((await repository.manifest(two.descriptor.digest))?.bytes).toEqual(two.bytes);
    });

    on("without a tag it is there by digest alone", async (repository) => {
      await push(repository, one, "any", []);
      expect(await repository.resolve(one.descriptor.digest)).toMatchObject(one.descriptor);
      expect(await Array.fromAsync(repository.tags())).toEqual([]);
    });

    on("bytes that are not the descriptor's are refused, and the tag stays", async (repository) => {
      await push(repository, one, "any");
      for (const blob of two.blobs) await pushContent(repository, blob);
      const { mediaType } = two.descriptor;
      const descriptor = { ...blobOf("another").descriptor, mediaType };
      expect(await codeOf(repository.pushManifest(descriptor, two.bytes, anyway))).toBe("not_verified");
      expect(await held(repository, tag)).toBe(one.descriptor.digest);
      expect(await held(repository, descriptor.digest)).toBeUndefined();
    });

    on("the unknown is undefined, in an empty repository and in a full one", async (repository) => {
      for (const fill of [async () => {}, () => push(repository, one, "any")]) {
        await fill();
        for (const ref of [parseTag("none"), absentDigest()]) {
          expect(await repository.resolve(ref)).toBeUndefined();
          expect(await repository.manifest(ref)).toBeUndefined();
        }
      }
    });
  });

  describe(`${name}: tags`, () => {
    on("a tag that moves leaves what it held by digest", async (repository) => {
      await push(repository, one, "any");
      await push(repository, two, "any");
      expect(await held(repository, tag)).toBe(two.descriptor.digest);
      expect((await repository.manifest(one.descriptor.digest))?.bytes).toEqual(one.bytes);
    });

    on("any, absent or a digest: what is expected must be so", async (repository) => {
      const [first, second] = [one.descriptor.digest, two.descriptor.digest];
      expect(await codeOf(push(repository, one, second))).toBe("conflict");
      expect(await held(repository, tag)).toBeUndefined();
      await push(repository, one, "absent");
      expect(await codeOf(push(repository, two, "absent"))).toBe("conflict");
      expect(await codeOf(push(repository, two, absentDigest()))).toBe("conflict");
      expect(await held(repository, tag)).toBe(first);
      await push(repository, two, first);
      expect(await held(repository, tag)).toBe(second);
    });

    on("a tag that holds it already is success, whatever is expected", async (repository) => {
      await push(repository, one, "any");
      for (const expected of ["any", "absent", one.descriptor.digest, absentDigest()] as const)
        await push(repository, one, expected);
      expect(await held(repository, tag)).toBe(one.descriptor.digest);
    });

    on("several tags are set together, or none of them", async (repository) => {
      const [free, latest] = [parseTag("free"), parseTag("latest")];
      await push(repository, one, "absent", [tag, latest]);
      expect(await Array.fromAsync(repository.tags())).toEqual([tag, latest]);
      expect(await codeOf(push(repository, two, "absent", [free, latest]))).toBe("conflict");
      expect(await Array.fromAsync(repository.tags())).toEqual([tag, latest]);
      expect(await held(repository, latest)).toBe(one.descriptor.digest);
    });

    on("of two that want a free tag at once, one gets it", async (repository) => {
      const codes = await Promise.all([one, two].map((each) => codeOf(push(repository, each, "absent"))));
      expect(codes.toSorted()).toEqual(["conflict", "none"]);
      const winner = codes[0] === "none" ? one : two;
      expect(await held(repository, tag)).toBe(winner.descriptor.digest);
    });

    on("tags come in ASCII order, and go on after one, there or not", async (repository) => {
      const tags = ["10", "2", "B", "_x", "a", "a-b", "a.b", "a0", "aa"].map(parseTag);
      expect(await Array.fromAsync(repository.tags())).toEqual([]);
      await push(repository, one, "any", tags.toReversed());
      expect(await Array.fromAsync(repository.tags())).toEqual(tags);
      expect(await Array.fromAsync(repository.tags(parseTag("a")))).toEqual(tags.slice(5));
      expect(await Array.fromAsync(repository.tags(parseTag("Z")))).toEqual(tags.slice(3));
      expect(await Array.fromAsync(repository.tags(parseTag("zz")))).toEqual([]);
    });

    on("untag takes the tag and leaves the manifest", async (repository) => {
      await push(repository, one, "any", [tag, parseTag("latest")]);
      expect(await repository.untag(tag)).toBe(true);
      expect(await repository.untag(tag)).toBe(false);
      expect(await held(repository, tag)).toBeUndefined();
      expect(await Array.fromAsync(repository.tags())).toEqual([parseTag("latest")]);
      expect(await repository.untag(parseTag("latest"))).toBe(true);
      expect((await repository.manifest(one.descriptor.digest))?.bytes).toEqual(one.bytes);
    });

    on("delete takes the manifest and every tag of it, and no other", async (repository) => {
      await push(repository, one, "any", [tag, parseTag("latest")]);
      await push(repository, two, "any", [parseTag("2.0.0")]);
      expect(await repository.delete(one.descriptor.digest)).toBe(true);
      expect(await repository.delete(one.descriptor.digest)).toBe(false);
      expect(await held(repository, one.descriptor.digest)).toBeUndefined();
      expect(await Array.fromAsync(repository.tags())).toEqual([parseTag("2.0.0")]);
      await push(repository, one, "absent");
      expect((await repository.manifest(tag))?.bytes).toEqual(one.bytes);
    });
  });

  describe(`${name}: referrers`, () => {
    const listed = async (repository: Repository, subject: Digest, artifactType?: string) =>
      (await Array.fromAsync(repository.referrers(subject, artifactType))).toSorted((a, b) =>
        a.digest < b.digest ? -1 : 1,
      );
    const sorted = (...all: Descriptor[]) => all.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));

    on("who names a subject is listed, before and after the subject comes", async (repository) => {
      const subject = one.descriptor;
      expect(await listed(repository, subject.digest)).toEqual([]);
      const annotations = { "org.example.by": "a test" };
      const [sbom, signature] = ["application/x-sbom", "application/x-signature"];
      const first = imageOf([blobOf("sbom")], { artifactType: sbom, subject, annotations });
      const config = blobOf("{ }", signature);
      const second = imageOf([blobOf("signature")], { subject }, config);
      const third = indexOf([], { artifactType: sbom, subject });
      for (const each of [first, second]) await push(repository, each, "any", []);
      expect(await listed(repository, subject.digest)).toMatchObject(
        sorted(
          { ...first.descriptor, artifactType: sbom, annotations },
          { ...second.descriptor, artifactType: signature },
        ),
      );
      await push(repository, one, "any");
      await push(repository, third, "any", [parseTag("third")]);
      expect(await listed(repository, subject.digest)).toHaveLength(3);
      expect(await listed(repository, subject.digest, sbom)).toMatchObject(
        sorted(first.descriptor, third.descriptor),
      );
      expect(await listed(repository, subject.digest, "application/x-none")).toEqual([]);
      expect(await listed(repository, first.descriptor.digest)).toEqual([]);
      await repository.delete(first.descriptor.digest);
      expect(await listed(repository, subject.digest, sbom)).toMatchObject([third.descriptor]);
    });

    on("referrers that come at once are all listed, each once", async (repository) => {
      const all = Array.from({ length: 6 }, (_, i) =>
        imageOf([], { subject: one.descriptor, annotations: { number: `${i}` } }),
      );
      await pushContent(repository, blobOf("{}"));
      await Promise.all([...all, ...all].map((each) => push(repository, each, "any", [])));
      expect(await listed(repository, one.descriptor.digest)).toMatchObject(
        sorted(...all.map(({ descriptor }) => descriptor)),
      );
      expect(await listed(repository, one.descriptor.digest)).toHaveLength(all.length);
    });
  });
}
