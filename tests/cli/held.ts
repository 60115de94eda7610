/** What is below a prefix of a registry, as anybody's client sees it: the digest of each tag's first layer. */
export async function heldBelow(host: string, prefix: string): Promise<Map<string, string>> {
  const get = async (path: string) => (await fetch(`http://${host}/v2/${path}`)).json();
  const held = new Map<string, string>();
  for (const repository of (await get("_catalog?n=1000")).repositories as string[]) {
    if (!repository.startsWith(`${prefix}/`)) continue;
    for (const tag of (await get(`${repository}/tags/list?n=1000`)).tags as string[]) {
      const { layers } = await get(`${repository}/manifests/${tag}`);
      held.set(`${repository.slice(prefix.length + 1)}:${tag}`, layers[0].digest);
    }
  }
  return held;
}
