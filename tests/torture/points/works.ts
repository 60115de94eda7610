import { type Artifact, blobOf, type Content, imageOf, indexOf } from "../../../src/testing/artifacts.ts";
import { noise } from "../../../src/testing/streams.ts";
import type { Witness } from "../../../src/testing/witness.ts";
import type { Random } from "../random.ts";

/** What a client does to one repository of a registry, or has the registry do. */
export interface Hand {
  readonly witness: Witness;
  /** Have the registry collect what is due. Gives whether it could. */
  collect(): Promise<boolean>;
}

/** One thing done; whether it was acknowledged. When nothing fails it always is, however often the whole work is done. */
export type Step = (hand: Hand) => Promise<boolean>;

/** What a client's works are about. */
export interface Subject {
  /** Makes contents differ: no two works of one number share any. */
  readonly number: number;
  /** A content that the client keeps, and one that it lets go of; others do the reverse, or come to have it by mounting. */
  readonly kept: Content;
  readonly fleeting: Content;
  /** A repository that may have them. */
  readonly neighbour: string;
}

/** Draw one work: a client's requests, one after the other. */
export function drawWork(random: Random, { number, kept, fleeting, neighbour }: Subject): Step[] {
  let count = 0;
  const content = (): Content => {
    const size = random.fraction() < 0.01 ? 1_500_000 : 1 + Math.floor(random.fraction() * 4000);
    return blobOf(noise(size, number * 16 + count++), undefined, random.of(["sha256", "sha256", "sha512"]));
  };
  const image = (layers: Content[], extra = {}) =>
    imageOf(layers, { annotations: { work: `${number}.${count}` }, ...extra }, content());
  const push = (blob: Content): Step => {
    const how = random.of(["whole", "session"] as const);
    return ({ witness }) => witness.blob(blob, how);
  };
  const mount =
    (blob: Content): Step =>
    ({ witness }) =>
      witness.mount(blob, neighbour);
  const put =
    (artifact: Artifact, tag?: string, subject?: Artifact): Step =>
    ({ witness }) =>
      witness.manifest(artifact, tag, subject?.descriptor.digest);
  const remove =
    (what: string): Step =>
    ({ witness }) =>
      witness.remove(what);
  const collect: Step = (hand) => hand.collect();
  const whole = (artifact: Artifact, tag?: string, subject?: Artifact): Step[] => [
    ...artifact.children.flatMap((child) => whole(child)),
    ...artifact.blobs.map(push),
    put(artifact, tag, subject),
  ];

  const first = image([kept]);
  return random.of([
    // An image and who refers to it.
    () => {
      const signature = image([], { subject: first.descriptor, artifactType: "application/vnd.example.s" });
      return [...whole(first, "v1"), ...whole(signature, undefined, first)];
    },
    // An index, whose tag moves to it.
    () => [...whole(first, "v1"), ...whole(indexOf([image([]), first]), "v1")],
    // What the neighbour has, and half of a blob.
    () => {
      const half = content();
      return [
        mount(kept),
        ...whole(image([kept]), "mounted"),
        async ({ witness }) => (await witness.half(half)) !== undefined,
      ];
    },
    // An image that comes and goes, with all that it named.
    () => {
      const doomed = image([fleeting]);
      return [
        ...whole(doomed, "old"),
        remove("manifests/old"),
        remove(`manifests/${doomed.descriptor.digest}`),
        remove(`blobs/${fleeting.descriptor.digest}`),
        collect,
      ];
    },
    // A blob that comes and goes, and comes again while it is collected.
    () => {
      const gone = remove(`blobs/${fleeting.descriptor.digest}`);
      const come = random.of([push, mount]);
      const again = push(fleeting);
      const beside: Step = async (hand) => {
        const [collected, pushed] = await Promise.all([hand.collect(), again(hand)]);
        return collected && pushed;
      };
      return [come(fleeting), gone, beside, gone, beside];
    },
  ])();
}
