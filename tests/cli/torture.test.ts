import { expect } from "bun:test";
import { cutConnections } from "../torture/cuts.ts";
import { killUnderLoad } from "../torture/kills.ts";
import { Random } from "../torture/random.ts";
import { storm } from "../torture/storm.ts";
import { onBench } from "./cli.ts";

// The long run of the same is `npm run torture`.
onBench(
  "sixteen processes killed at any moment, and the registry with them, lose nothing that was answered",
  async (bench) => {
    const options = { commands: 150, processes: 16, seed: 4, deathEvery: 50 };
    const { counts, deaths, answered } = await storm(bench, options);
    expect(counts.faults).toEqual([]);
    expect(counts.total("killed")).toBeGreaterThan(0);
    expect(deaths).toBeGreaterThan(2);
    expect(answered).toBeGreaterThan(0);
  },
  180_000,
);

// The long run of the same is `npm run torture registry`.
onBench("a registry killed at any moment under load loses nothing that it acknowledged", async (bench) => {
  const options = { kills: 6, hands: 8, seed: 7, longest: 400 };
  const { acknowledged, remembered, lost, collected } = await killUnderLoad(bench, options);
  expect(lost).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
  expect(remembered).toBeGreaterThan(0);
  expect(collected).toBeGreaterThan(0);
});

// The long run of the same is `npm run torture cuts`.
onBench("blobs whose connections are cut at any byte arrive whole, by going on", async (bench) => {
  const { done, faults } = await cutConnections(bench, { cuts: 30, random: new Random(3) });
  expect(faults).toEqual([]);
  expect(new Set(done.map(({ transfer }) => transfer)).size).toBe(4);
});
