/**
 * By the number in statfs(2), of linux/magic.h where no other source is named. SQLite's write-ahead log needs shared memory,
 * which these do not have across machines (sqlite.org/wal.html), and neither their locks nor their syncs are to be relied
 * on. FUSE and 9P are not among them: by the same numbers go disks of this machine (NTFS, mergerfs, the volumes of a
 * sandbox or a virtual machine).
 */
export const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"], // Amazon EFS too
  [0x517b, "SMB"],
  [0xfe534d42, "SMB2"],
  [0xff534d42, "CIFS"],
  [0x00c36400, "CephFS"],
  [0x0bd00bd0, "Lustre"], // LL_SUPER_MAGIC of Lustre itself
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x73757245, "Coda"],
  [0x564c, "NCP"],
  [0x01161970, "GFS2"], // gfs2_ondisk.h
  [0x7461636f, "OCFS2"],
]);
