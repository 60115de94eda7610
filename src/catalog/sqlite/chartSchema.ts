/**
 * The step that adds charts. What follows from rows of other tables is kept by triggers, so that no command, whatever it does
 * to tags, manifests or blobs, can leave an index behind.
 */
export const chartTables = `
  -- A manifest that is a chart's, and the content that is its archive.
  CREATE TABLE chart (
    repository INTEGER NOT NULL,
    manifest   INTEGER NOT NULL,
    content    INTEGER NOT NULL REFERENCES content,
    created    INTEGER NOT NULL, -- ms since 1970
    PRIMARY KEY (repository, manifest),
    FOREIGN KEY (repository, manifest) REFERENCES manifest ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chart_by_content ON chart (content, repository);

  -- What was read of an archive, or why nothing could be.
  CREATE TABLE fact (
    content    INTEGER PRIMARY KEY REFERENCES content,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    unreadable TEXT,
    json       TEXT NOT NULL, -- as an index lists it
    yaml       TEXT NOT NULL
  ) STRICT;

  -- Its long texts, apart: an index never reads them.
  CREATE TABLE fact_text (
    content INTEGER PRIMARY KEY REFERENCES fact ON DELETE CASCADE,
    images  TEXT NOT NULL, -- a JSON list
    readme  TEXT,
    "values" TEXT,
    schema  TEXT
  ) STRICT;

  -- Archives that are to be read. Attempts are counted before each: one that ends the process is given up.
  CREATE TABLE unread (
    content  INTEGER PRIMARY KEY REFERENCES content,
    attempts INTEGER NOT NULL
  ) STRICT;

  -- Each tag that names a chart, or did, with the number of its last change: what an index reads to follow. By names, since
  -- a repository's row goes with the last of its content. A prefix ends with its slash, and is empty at the top.
  CREATE TABLE chart_change (
    prefix TEXT    NOT NULL,
    chart  TEXT    NOT NULL,
    tag    TEXT    NOT NULL,
    number INTEGER NOT NULL, -- counted for each prefix
    PRIMARY KEY (prefix, chart, tag)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX chart_change_by_number ON chart_change (prefix, number);

  CREATE VIEW changed_tag AS SELECT 0 AS repository, '' AS name;
  CREATE TRIGGER change_tag INSTEAD OF INSERT ON changed_tag BEGIN
    INSERT INTO chart_change (prefix, chart, tag, number)
      SELECT prefix, substr(name, length(prefix) + 1), NEW.name,
          1 + coalesce((SELECT max(number) FROM chart_change WHERE chart_change.prefix = at.prefix), 0)
        FROM (SELECT name, rtrim(name, replace(name, '/', '')) AS prefix FROM repository WHERE id = NEW.repository) AS at
        WHERE true
      ON CONFLICT (prefix, chart, tag) DO UPDATE SET number = excluded.number;
  END;

  CREATE TRIGGER tag_set AFTER INSERT ON tag
    WHEN EXISTS (SELECT 1 FROM chart WHERE repository = NEW.repository AND manifest = NEW.manifest)
    BEGIN INSERT INTO changed_tag VALUES (NEW.repository, NEW.name); END;
  CREATE TRIGGER tag_moved AFTER UPDATE ON tag
    WHEN EXISTS (SELECT 1 FROM chart WHERE repository = NEW.repository AND manifest IN (OLD.manifest, NEW.manifest))
    BEGIN INSERT INTO changed_tag VALUES (NEW.repository, NEW.name); END;
  -- When a manifest goes, its tags or its row here may go first: the one that is still there sees the other.
  CREATE TRIGGER tag_gone AFTER DELETE ON tag
    WHEN EXISTS (SELECT 1 FROM chart WHERE repository = OLD.repository AND manifest = OLD.manifest)
    BEGIN INSERT INTO changed_tag VALUES (OLD.repository, OLD.name); END;

  CREATE TRIGGER chart_put AFTER INSERT ON chart BEGIN
    INSERT INTO unread (content, attempts)
      SELECT NEW.content, 0 WHERE NOT EXISTS (SELECT 1 FROM fact WHERE content = NEW.content)
      ON CONFLICT DO NOTHING;
    INSERT INTO changed_tag
      SELECT repository, name FROM tag WHERE repository = NEW.repository AND manifest = NEW.manifest;
  END;
  CREATE TRIGGER chart_gone AFTER DELETE ON chart BEGIN
    INSERT INTO changed_tag
      SELECT repository, name FROM tag WHERE repository = OLD.repository AND manifest = OLD.manifest;
    DELETE FROM fact WHERE content = OLD.content AND NOT EXISTS (SELECT 1 FROM chart WHERE content = OLD.content);
    DELETE FROM unread WHERE content = OLD.content AND NOT EXISTS (SELECT 1 FROM chart WHERE content = OLD.content);
  END;

  CREATE TRIGGER fact_put AFTER INSERT ON fact BEGIN
    DELETE FROM unread WHERE content = NEW.content;
    INSERT INTO changed_tag
      SELECT tag.repository, tag.name FROM chart
        JOIN tag ON tag.repository = chart.repository AND tag.manifest = chart.manifest
        WHERE chart.content = NEW.content;
  END;

  -- A sparse chart's archive may come after its manifest, and go before it.
  CREATE TRIGGER archive_linked AFTER INSERT ON blob
    WHEN EXISTS (SELECT 1 FROM chart WHERE content = NEW.content) BEGIN
    INSERT INTO unread (content, attempts)
      SELECT NEW.content, 0 WHERE NOT EXISTS (SELECT 1 FROM fact WHERE content = NEW.content)
      ON CONFLICT DO NOTHING;
    INSERT INTO changed_tag
      SELECT tag.repository, tag.name FROM chart
        JOIN tag ON tag.repository = chart.repository AND tag.manifest = chart.manifest
        WHERE chart.content = NEW.content AND chart.repository = NEW.repository;
  END;
  CREATE TRIGGER archive_unlinked AFTER DELETE ON blob
    WHEN EXISTS (SELECT 1 FROM chart WHERE content = OLD.content AND repository = OLD.repository) BEGIN
    INSERT INTO changed_tag
      SELECT tag.repository, tag.name FROM chart
        JOIN tag ON tag.repository = chart.repository AND tag.manifest = chart.manifest
        WHERE chart.content = OLD.content AND chart.repository = OLD.repository;
  END;

  -- The charts that are there already. SQLite's JSON throws on what is none, so each look is guarded.
  WITH body_text AS (
    SELECT content, CAST(bytes AS TEXT) AS text FROM body
  ), document AS (
    SELECT content, text FROM body_text
      WHERE CASE WHEN json_valid(text) THEN json_extract(text, '$.config.mediaType') END
        = 'application/vnd.cncf.helm.config.v1+json'
  ), layer AS (
    SELECT document.content, text, CASE WHEN type = 'object' THEN json_extract(value, '$.mediaType') END AS media_type,
        CASE WHEN type = 'object' THEN json_extract(value, '$.digest') END AS digest
      FROM document, json_each(text, '$.layers')
  ), archive AS (
    SELECT content, text, min(digest) AS digest FROM layer
      WHERE media_type IN ('application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip')
      GROUP BY content HAVING count(*) = 1
  )
  INSERT INTO chart (repository, manifest, content, created)
    SELECT manifest.repository, manifest.content, content.id,
        coalesce(unixepoch(json_extract(text, '$.annotations."org.opencontainers.image.created"')) * 1000, manifest.pushed)
      FROM archive
      JOIN manifest ON manifest.content = archive.content
      JOIN content ON content.digest = unhex(iif(archive.digest LIKE 'sha512:%', '02', '01') || substr(archive.digest, 8));
`;
