import { describe, expect, test } from "bun:test";
import { digestOf, parseDigest } from "../oci/digest.ts";
import { jsonBytes } from "../oci/json.ts";
import { parseManifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { parseMetadata } from "./chartYaml.ts";
import { configBytes, parseConfig } from "./config.ts";
import { buildChartManifest, chartManifest } from "./manifest.ts";
import { chartMediaTypes } from "./mediaTypes.ts";

const utf8 = new TextEncoder();
const signtest = parseMetadata(
  utf8.encode("apiVersion: v1\ndescription: A Helm chart for Kubernetes\nname: signtest\nversion: 0.1.0\n"),
);
// Helm's own signed fixture, of which its tests push the manifest.
const content = {
  digest: parseDigest("sha256:e5ef611620fb97704d8751c16bab17fedb68883bfb0edc76f78a70e9173f9b55"),
  size: 973,
};
const provenance = {
  digest: parseDigest("sha256:b0a02b7412f78ae93324d48df8fcc316d8482e5ad7827b5b238657a29a22f256"),
  size: 695,
};

describe("buildChartManifest", () => {
  test("makes the config that Helm makes", () => {
    const { config } = buildChartManifest({ metadata: signtest, content }, "current");
    expect(config.descriptor.size).toBe(99);
    expect(config.descriptor.digest).toStartWith("sha256:8d17cb6b");
    expect(config.descriptor.mediaType).toBe(chartMediaTypes.config);
  });

  test("makes the manifest of Helm 3.12 and later, but for mediaType and the order of layers", () => {
    const { manifest } = buildChartManifest({ metadata: signtest, content, provenance }, "current");
    const { mediaType, config, layers, ...rest } = JSON.parse(new TextDecoder().decode(manifest.bytes));
    expect(mediaType).toBe(mediaTypes.manifest);
    const inHelmsOrder = layers.toSorted((a: { digest: string }, b: { digest: string }) =>
      a.digest < b.digest ? -1 : 1,
    );
    const { schemaVersion, annotations } = rest;
    const helms = jsonBytes({ schemaVersion, config, layers: inHelmsOrder, annotations });
    expect(helms.byteLength).toBe(684);
    expect(digestOf(helms)).toBe(
      parseDigest("sha256:b57e8ffd938c43253f30afedb3c209136288e6b3af3b33473e95ea3b805888e6"),
    );
  });

  test("writes its keys in a fixed order, the chart layer first", () => {
    const { manifest } = buildChartManifest({ metadata: signtest, content, provenance }, "current");
    expect(new TextDecoder().decode(manifest.bytes)).toBe(
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' +
        '"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:8d17cb6bf6ccd8c29aace9a658495cbd5e2e87fc267876e86117c7db681c9580","size":99},' +
        `"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"${content.digest}","size":973},` +
        `{"mediaType":"application/vnd.cncf.helm.chart.provenance.v1.prov","digest":"${provenance.digest}","size":695}],` +
        '"annotations":{"org.opencontainers.image.description":"A Helm chart for Kubernetes",' +
        '"org.opencontainers.image.title":"signtest","org.opencontainers.image.version":"0.1.0"}}',
    );
  });

  test("has the date that it is given, whatever the chart says of itself", () => {
    const created = "1977-09-02T22:04:05Z";
    const key = "org.opencontainers.image.created";
    const metadata = { ...signtest, annotations: { [key]: "2000-01-01T00:00:00Z" } };
    const annotationsFor = (given?: string) => {
      const { manifest } = buildChartManifest({ metadata, content, created: given }, "current");
      return parseManifest(manifest.bytes, mediaTypes.manifest).annotations;
    };
    expect(annotationsFor(created)[key]).toBe(created);
    expect(annotationsFor()[key]).toBe("2000-01-01T00:00:00Z");
  });

  test("with a date is the manifest of Helm 3.15 and later, but for mediaType and the order of layers", () => {
    const chart = { metadata: signtest, content, provenance, created: "1977-09-02T22:04:05Z" };
    const { manifest } = buildChartManifest(chart, "current");
    const { schemaVersion, config, layers, annotations } = JSON.parse(
      new TextDecoder().decode(manifest.bytes),
    );
    const helms = jsonBytes({ schemaVersion, config, layers: layers.toReversed(), annotations });
    expect(digestOf(helms)).toBe(
      parseDigest("sha256:fbbade96da6050f68f94f122881e3b80051a18f13ab5f4081868dd494538f5c2"),
    );
  });

  test("makes the very manifest of Helm 3.0 to 3.6", () => {
    const { manifest } = buildChartManifest({ metadata: signtest, content }, "helm3.0");
    expect(manifest.descriptor).toEqual({
      mediaType: mediaTypes.manifest,
      digest: parseDigest("sha256:16bc8f1b41de458001ffec3e34e06a222897f6a6d81c2989b35de537febb6a91"),
      size: 320,
    });
  });

  test("refuses a provenance in Helm 3.0's form", () => {
    expect(() => buildChartManifest({ metadata: signtest, content, provenance }, "helm3.0")).toThrow(
      "Cannot keep a provenance file in Helm 3.0's form",
    );
  });

  test("derives annotations as Helm does, and lets the chart's own win over all but title and version", () => {
    const metadata = parseMetadata(
      utf8.encode(
        [
          "name: web",
          "version: 1.0.0+b1",
          "home: https://example.com/?a=1&b=<2>",
          "sources: [https://example.com/src, https://example.com/other]",
          "maintainers: [{name: Ada, email: ada@example.com}, {name: Bob}]",
          "annotations:",
          "  org.opencontainers.image.title: mine",
          "  org.opencontainers.image.authors: us",
          "  '10': ten",
          "  '9': nine",
        ].join("\n"),
      ),
    );
    const { manifest } = buildChartManifest({ metadata, content }, "current");
    const text = new TextDecoder().decode(manifest.bytes);
    expect(text.slice(text.indexOf('"annotations":'))).toBe(
      '"annotations":{"10":"ten","9":"nine",' +
        '"org.opencontainers.image.authors":"us","org.opencontainers.image.source":"https://example.com/src",' +
        '"org.opencontainers.image.title":"web",' +
        '"org.opencontainers.image.url":"https://example.com/?a=1\\u0026b=\\u003c2\\u003e",' +
        '"org.opencontainers.image.version":"1.0.0+b1"}}',
    );
  });
});

describe("chartManifest", () => {
  const read = (document: object, mediaType: string = mediaTypes.manifest) =>
    chartManifest(parseManifest(jsonBytes({ schemaVersion: 2, ...document }), mediaType));
  const config = { mediaType: chartMediaTypes.config, ...content };
  const layer = { mediaType: chartMediaTypes.content, ...content };
  const signature = { mediaType: chartMediaTypes.provenance, ...provenance };
  const foreign = { mediaType: "application/vnd.example+json", ...content };

  test("tells the parts by media type, in any order", () => {
    expect(read({ config, layers: [signature, foreign, layer] })).toEqual({
      config,
      content: layer,
      provenance: signature,
    });
  });

  test("reads what Helm 3.0 to 3.6 wrote", () => {
    const old = { mediaType: chartMediaTypes.legacyContent, ...content };
    expect(read({ config, layers: [old] })).toEqual({ config, content: old, provenance: undefined });
  });

  test.each([
    [
      "its config is application/vnd.oci.image.config.v1+json",
      { config: { ...config, mediaType: "application/vnd.oci.image.config.v1+json" }, layers: [layer] },
    ],
    ["none of its 1 layers is a chart archive", { config, layers: [signature] }],
    ["none of its 0 layers is a chart archive", { config, layers: [] }],
    ["it has 2 chart archives, expected one", { config, layers: [layer, layer] }],
    ["it has 2 provenance files, expected one at most", { config, layers: [layer, signature, signature] }],
    ["its config has 4194305 bytes", { config: { ...config, size: 4194305 }, layers: [layer] }],
    ["its content has 134217729 bytes", { config, layers: [{ ...layer, size: 134217729 }] }],
    ["its provenance has 1048577 bytes", { config, layers: [layer, { ...signature, size: 1048577 }] }],
  ])("refuses what is no chart: %s", (why, document) => {
    expect(() => read(document)).toThrow(`The manifest is not a chart's: ${why}`);
  });

  test("refuses an index and an unknown manifest", () => {
    expect(() => read({ manifests: [] }, mediaTypes.index)).toThrow("it is an image index");
    expect(() => read({}, "application/vnd.example+json")).toThrow("it is application/vnd.example+json");
  });
});

describe("the config", () => {
  const everything = [
    "apiVersion: v2",
    "name: all",
    "version: 1.2.3",
    "description: 'a < b & c > d \u2028'",
    "home: https://example.com",
    "sources: [https://example.com/a]",
    "keywords: [one, 2]",
    "maintainers: [{name: Ada, email: ada@example.com, url: https://ada.example}, {name: Bob}]",
    "icon: https://example.com/i.svg",
    "condition: a.b",
    "tags: t",
    "appVersion: 1.10",
    "deprecated: true",
    "annotations: {b: '2', a: 1}",
    "kubeVersion: '>=1.20.0'",
    "dependencies:",
    "- {name: x, alias: other, version: ^1, tags: [t], enabled: true, condition: c, import-values: [data, {parent: p, child: 1}]}",
    "type: application",
  ].join("\n");

  test("has the members of Helm's struct in its order, and Go's escapes", () => {
    expect(new TextDecoder().decode(configBytes(parseMetadata(utf8.encode(everything))))).toBe(
      '{"name":"all","home":"https://example.com","sources":["https://example.com/a"],"version":"1.2.3",' +
        '"description":"a \\u003c b \\u0026 c \\u003e d  ","keywords":["one","2"],' +
        '"maintainers":[{"name":"Ada","email":"ada@example.com","url":"https://ada.example"},{"name":"Bob"}],' +
        '"icon":"https://example.com/i.svg","apiVersion":"v2","condition":"a.b","tags":"t","appVersion":"1.1",' +
        '"deprecated":true,"annotations":{"a":"1","b":"2"},"kubeVersion":"\\u003e=1.20.0",' +
        '"dependencies":[{"name":"x","version":"^1","repository":"","condition":"c","tags":["t"],"enabled":true,' +
        '"import-values":["data",{"child":1,"parent":"p"}],"alias":"other"}],"type":"application"}',
    );
  });

  test("gives the metadata that it was made from", () => {
    const metadata = parseMetadata(utf8.encode(everything));
    expect(parseConfig(configBytes(metadata))).toEqual(metadata);
  });

  test("is refused when it is no JSON, or no chart's", () => {
    expect(() => parseConfig(utf8.encode("{"))).toThrow("Cannot parse the chart's config: it is not JSON");
    expect(() => parseConfig(utf8.encode("{}"))).toThrow(
      "Cannot read the chart's config: the name is missing",
    );
    const nested = `{"name":"a","version":"1.0.0","x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    expect(() => parseConfig(utf8.encode(nested))).toThrow("it is nested too deep");
  });
});
