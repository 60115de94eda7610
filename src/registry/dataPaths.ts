import { join } from "node:path";

/** Where a registry keeps what. */
export interface DataPaths {
  /** The directory itself. */
  readonly root: string;
  /** The catalog's database. */
  readonly catalog: string;
  /** Whole blobs, by algorithm and digest. */
  readonly blobs: string;
  /** Parts of indexes, made once; they may be deleted at any time. */
  readonly indexes: string;
  /** Blobs on their way in. */
  readonly ingest: string;
  /** Room that is kept for deletes on a full disk. */
  readonly reserve: string;
  /** Who may enter, when that is kept here. */
  readonly htpasswd: string;
  /** Where its owner is asked for something. */
  readonly control: string;
  /** What a repair has put aside. */
  readonly quarantine: string;
  /** Says that the directory is a backup. */
  readonly backup: string;
}

/** The paths of a data directory; nothing is looked at or made. */
export function dataPathsOf(root: string): DataPaths {
  return {
    root,
    catalog: join(root, "catalog.db"),
    blobs: join(root, "blobs"),
    indexes: join(root, "indexes"),
    ingest: join(root, "ingest"),
    reserve: join(root, "reserve"),
    htpasswd: join(root, "htpasswd"),
    control: join(root, "control.sock"),
    quarantine: join(root, "quarantine"),
    backup: join(root, "backup.json"),
  };
}

/**
 * What may stand in a directory before it is ours: an ext4 file system's own directory, a list of users made beforehand,
 * and what a start leaves that was cut short.
 */
export const harmless: RegExp = /^(?:lost\+found|htpasswd(?:\..*)?|lock|chartroom\.json\..*)$/;

/** Whether a name in a data directory is that of something a registry keeps there, or leaves when it is killed. */
export const isOwnName = (name: string): boolean =>
  harmless.test(name) ||
  /^(?:chartroom\.json|catalog\.db(?:-wal|-shm|\.new|\.new-journal)?|backup\.json(?:\.new)?)$/.test(name) ||
  /^(?:blobs|indexes|ingest|reserve|control\.sock|quarantine)$/.test(name);
