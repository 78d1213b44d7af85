-- A records file as the first release made it. Never change it: it stands for the files out there.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attendance (
	lesson TEXT NOT NULL, 
	device TEXT NOT NULL, 
	name TEXT NOT NULL, 
	expected BOOLEAN NOT NULL, 
	first_seen_at DOUBLE, 
	last_seen_at DOUBLE, 
	seconds_live DOUBLE NOT NULL, 
	missing TEXT NOT NULL, 
	recorded_at DOUBLE NOT NULL, 
	CONSTRAINT pk_attendance PRIMARY KEY (lesson, device), 
	CONSTRAINT fk_attendance_lesson FOREIGN KEY(lesson) REFERENCES lessons (id)
);
INSERT INTO "attendance" VALUES('0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','LAPTOP-07','Amélie',1,1767603605.0,1767607000.0,3395.0,'',1767607000.0);
CREATE TABLE commands (
	lesson TEXT NOT NULL, 
	device TEXT NOT NULL, 
	id TEXT NOT NULL, 
	action TEXT NOT NULL, 
	text TEXT NOT NULL, 
	asked_at DOUBLE NOT NULL, 
	result TEXT, 
	detail TEXT, 
	answered_at DOUBLE, 
	understood_at DOUBLE, 
	CONSTRAINT pk_commands PRIMARY KEY (lesson, device, id), 
	CONSTRAINT fk_commands_lesson FOREIGN KEY(lesson) REFERENCES lessons (id)
);
INSERT INTO "commands" VALUES('0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','LAPTOP-07','2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b','lock','Eyes up',1767604100.0,'ok','',1767604100.1,NULL);
CREATE TABLE flags (
	id TEXT NOT NULL, 
	lesson TEXT NOT NULL, 
	device TEXT NOT NULL, 
	student TEXT NOT NULL, 
	user TEXT NOT NULL, 
	host TEXT NOT NULL, 
	category TEXT NOT NULL, 
	note TEXT NOT NULL, 
	by_id TEXT NOT NULL, 
	by_name TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	withdrawn_at DOUBLE, 
	withdrawn_by_id TEXT, 
	withdrawn_by_name TEXT, 
	withdrawn_reason TEXT, 
	CONSTRAINT pk_flags PRIMARY KEY (id), 
	CONSTRAINT fk_flags_lesson FOREIGN KEY(lesson) REFERENCES lessons (id)
);
INSERT INTO "flags" VALUES('1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a','0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','LAPTOP-07','Amélie','amelie','laptop-07','phone','Phone out; it''s on the desk','bio','Bio tutor',1767604000.0,NULL,NULL,NULL,NULL);
CREATE TABLE lessons (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	"group" TEXT NOT NULL, 
	room TEXT NOT NULL, 
	tutor_id TEXT NOT NULL, 
	tutor_name TEXT NOT NULL, 
	started_at DOUBLE NOT NULL, 
	ends_at DOUBLE NOT NULL, 
	ended_at DOUBLE, 
	rules TEXT NOT NULL, 
	CONSTRAINT pk_lessons PRIMARY KEY (id)
);
INSERT INTO "lessons" VALUES('0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f','Biology','9A','Lab 2','bio','Bio tutor',1767603600.0,1767607200.0,NULL,'lesson');
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('written_by','0.1.0');
CREATE TABLE unplaced (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	body TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	kept_at DOUBLE NOT NULL, 
	CONSTRAINT pk_unplaced PRIMARY KEY (id)
);
CREATE INDEX ix_lessons_started_at ON lessons (started_at);
CREATE INDEX ix_attendance_device ON attendance (device);
CREATE INDEX ix_flags_lesson ON flags (lesson);
CREATE INDEX ix_flags_device ON flags (device);
CREATE INDEX ix_flags_at ON flags (at);
COMMIT;
