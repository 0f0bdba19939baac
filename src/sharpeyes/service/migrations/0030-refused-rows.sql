-- An import keeps its refused rows themselves: which language they are told in is the reader's
-- depends: 0029-place-codes

-- migrate: apply

ALTER TABLE import_run RENAME COLUMN refused_sheet TO refused;

-- migrate: rollback

ALTER TABLE import_run RENAME COLUMN refused TO refused_sheet;
