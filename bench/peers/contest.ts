import type { Bench, Registry } from "../../tests/bench.ts";
import type { Samples } from "../measure.ts";
import type { Goal, Row } from "../scenario.ts";
import { pinServer } from "./cores.ts";
import { memoryOf, processorTime } from "./process.ts";
import { conditionsOf, distribution3, isHere, ours, type Settings, type Side } from "./sides.ts";

/** The same work by us and by peers. */
export interface Contest {
  readonly scenario: string;
  readonly unit: Row["unit"];
  /** Us, where we are filled in a way of our own. */
  readonly us?: Side;
  /** Who stands beside us, and what our ratio to each must be, where something is promised. */
  readonly against: readonly (readonly [Side, (Goal | undefined)?])[];
  readonly note: string;
  /** Unless told: no logs, and everybody may enter. */
  readonly settings?: Settings;
  /** Whether we are measured a second time with our log on, beside the same peers. */
  readonly againWithLogs?: boolean;
  /** Whether servers may use all cores; unless told, they have one to themselves. */
  readonly allCores?: boolean;
  /** Unless told, five. */
  readonly rounds?: number;
  /** Put there what the load asks for. */
  prepare?(server: Registry, side: Side): Promise<unknown>;
  /** One round. */
  measure(server: Registry, round: number, side: Side): Promise<{ figure: number; operations: number }>;
}

/** Rounds before them that do not count: what runs often is compiled meanwhile. */
const warmUp = 3;
/** More than that, over Distribution 3, a peak of ours is too much. */
const memoryGoal: Goal = { atMost: 1.5, of: "ratio" };

/** One side while it is measured. */
interface Running {
  readonly side: Side;
  readonly settings: Settings;
  readonly server: Registry;
  readonly figures: number[];
  /** The server's processor time for one operation, µs. */
  readonly work: number[];
}

/**
 * Measure every side once per round, in turn, and give a row for each peer, and one of memory beside Distribution 3. Where none of
 * the peers is at hand, a row of ours alone.
 */
export async function contest(bench: Bench, match: Contest): Promise<Row[]> {
  const { us: our = ours, against, settings = { logs: false }, rounds = 5 } = match;
  const open = async (side: Side, by: Settings): Promise<Running> => {
    const server = await side.start(bench, by);
    if (!match.allCores) pinServer(server.pid());
    await match.prepare?.(server, side);
    return { side, settings: by, server, figures: [], work: [] };
  };
  const us = [await open(our, settings)];
  if (match.againWithLogs) us.push(await open(our, { ...settings, logs: true }));
  const others: Running[] = [];
  for (const [side] of against) if (isHere(side)) others.push(await open(side, settings));
  const all = [...us, ...others];
  for (let round = 0; round < warmUp + rounds; round++)
    for (const { side, server, figures, work } of all) {
      await settled(all);
      const before = processorTime(server.pid());
      const { figure, operations } = await match.measure(server, round, side);
      if (round < warmUp) continue;
      figures.push(figure);
      work.push(((processorTime(server.pid()) - before) * 1000) / operations);
    }
  const rows = us.flatMap((each) =>
    others.length === 0
      ? [rowOf(match, each)]
      : others.map((other) => rowOf(match, each, other, against.find(([side]) => side === other.side)?.[1])),
  );
  const memory = (running: Running): Samples => [memoryOf(running.server.pid(), "peak")];
  const beside = others.find(({ side }) => side === distribution3);
  if (beside !== undefined)
    rows.push({
      ...rowOf(match, us[0]!, beside, memoryGoal),
      ...{ scenario: `peak memory: ${match.scenario}`, unit: "MiB", work: undefined },
      ours: memory(us[0]!),
      peer: {
        name: beside.side.name,
        samples: memory(beside),
        conditions: conditionsOf(beside.side, beside.settings),
      },
    });
  await Promise.all(all.map(({ server }) => server.stop()));
  return rows;
}

/**
 * Wait until nobody works on what is done, 5 s at most: what the side before still writes, syncs or collects, the next one would pay
 * for. Of manifest PUTs that was a quarter of the rate of who came behind zot and docker-registry.
 */
async function settled(all: readonly Running[]): Promise<void> {
  await Bun.spawn(["sync"]).exited;
  const worked = () => all.reduce((sum, { server }) => sum + processorTime(server.pid()), 0);
  const end = performance.now() + 5000;
  for (let before = -1, now = worked(); now !== before && performance.now() < end; now = worked()) {
    before = now;
    await Bun.sleep(200);
  }
}

const rowOf = (match: Contest, our: Running, other?: Running, goal?: Goal): Row => ({
  scenario:
    other === undefined || our.settings.logs === other.settings.logs
      ? match.scenario
      : `${match.scenario}, our log on`,
  unit: match.unit,
  ours: our.figures,
  conditions: conditionsOf(our.side, our.settings),
  ...(other !== undefined && {
    peer: {
      name: other.side.name,
      samples: other.figures,
      conditions: conditionsOf(other.side, other.settings),
    },
    work: { ours: our.work, peer: other.work },
    goal,
  }),
  note: match.note,
});
