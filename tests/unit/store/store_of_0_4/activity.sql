PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE batch (
	number BIGINT NOT NULL, 
	first_id BIGINT NOT NULL, 
	event_count BIGINT NOT NULL, 
	last_at TEXT COLLATE "BINARY" NOT NULL, 
	prev_hash BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO batch VALUES(1,1,2,'2026-11-20T10:00:01.000000Z',X'8ce9d6894937e501ccffa1ec69058ad2f28a6173fd268168021c942fda54f904',X'ed65669633e3f419e335784becff287a4425dd1c1708f1726e3ba58777c1c00f');
INSERT INTO batch VALUES(2,3,2,'2026-11-20T10:00:01.000000Z',X'ed65669633e3f419e335784becff287a4425dd1c1708f1726e3ba58777c1c00f',X'e8597a829a9c86488ba8ffd741b94ea54e244cd1365191a7b2938aef6672028a');
INSERT INTO batch VALUES(3,5,2,'2026-11-20T10:00:01.000000Z',X'e8597a829a9c86488ba8ffd741b94ea54e244cd1365191a7b2938aef6672028a',X'27a2921c1dcebf1f0de9cb51a87c349f029602d0447e04b2a91c2dc9255c429a');
INSERT INTO batch VALUES(4,7,2,'2026-11-20T10:00:01.000000Z',X'27a2921c1dcebf1f0de9cb51a87c349f029602d0447e04b2a91c2dc9255c429a',X'b746e4788429c06f6a08367345608261d5b81646cf20c19ac07f76dc68fc48ed');
INSERT INTO batch VALUES(5,9,2,'2026-11-20T10:00:01.000000Z',X'b746e4788429c06f6a08367345608261d5b81646cf20c19ac07f76dc68fc48ed',X'7459e844801d2e14d3d05758c74ece2ff872e484b96e3fc47341d17ebb8fbdb5');
INSERT INTO batch VALUES(6,11,2,'2026-11-20T10:00:01.000000Z',X'7459e844801d2e14d3d05758c74ece2ff872e484b96e3fc47341d17ebb8fbdb5',X'8e4fd01b6f332813a54bf52ae2e434e36c6b2ffd8e39a87372b8b9631ad58485');
CREATE TABLE event (
	id INTEGER NOT NULL, 
	at TEXT COLLATE "BINARY" NOT NULL, 
	log TEXT COLLATE "BINARY" NOT NULL, 
	kind TEXT COLLATE "BINARY" NOT NULL, 
	outcome TEXT COLLATE "BINARY" NOT NULL, 
	principal_uid TEXT COLLATE "BINARY" NOT NULL, 
	credential_uid TEXT COLLATE "BINARY" NOT NULL, 
	detail TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO event VALUES(1,'2026-11-20T10:00:01.000000Z','account:acme','token','issued','user-1','c-1','{"n":0}');
INSERT INTO event VALUES(2,'2026-11-20T10:00:01.000000Z','','token','refused','','','{}');
INSERT INTO event VALUES(3,'2026-11-20T10:00:01.000000Z','account:acme','token','issued','user-1','c-1','{"n":1}');
INSERT INTO event VALUES(4,'2026-11-20T10:00:01.000000Z','','token','refused','','','{}');
INSERT INTO event VALUES(5,'2026-11-20T10:00:01.000000Z','account:acme','token','issued','user-1','c-1','{"n":2}');
INSERT INTO event VALUES(6,'2026-11-20T10:00:01.000000Z','','token','refused','','','{}');
INSERT INTO event VALUES(7,'2026-11-20T10:00:01.000000Z','account:globex','token','issued','user-1','c-1','{"n":0}');
INSERT INTO event VALUES(8,'2026-11-20T10:00:01.000000Z','','token','refused','','','{}');
INSERT INTO event VALUES(9,'2026-11-20T10:00:01.000000Z','account:globex','token','issued','user-1','c-1','{"n":1}');
INSERT INTO event VALUES(10,'2026-11-20T10:00:01.000000Z','','token','refused','','','{}');
INSERT INTO event VALUES(11,'2026-11-20T10:00:01.000000Z','account:globex','token','issued','user-1','c-1','{"n":2}');
INSERT INTO event VALUES(12,'2026-11-20T10:00:01.000000Z','','token','refused','','','{}');
CREATE TABLE activity_head (
	id BIGINT NOT NULL, 
	number BIGINT NOT NULL, 
	hash BLOB NOT NULL, 
	last_event_id BIGINT NOT NULL, 
	pruned_number BIGINT NOT NULL, 
	pruned_hash BLOB NOT NULL, 
	signature BLOB NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO activity_head VALUES(1,6,X'8e4fd01b6f332813a54bf52ae2e434e36c6b2ffd8e39a87372b8b9631ad58485',12,0,X'8ce9d6894937e501ccffa1ec69058ad2f28a6173fd268168021c942fda54f904',X'a6acc609d689e2d864a92307fd9a7ac158884b082870c4d7d62d6439e2eef8a70afc76f2a785424fc6f140ab4bcbf4c505db6097d1312770954ddefc93cb260d');
CREATE TABLE credential_use (
	credential_uid TEXT COLLATE "BINARY" NOT NULL, 
	last_used_at TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (credential_uid)
);
INSERT INTO credential_use VALUES('c-acme','2026-11-20T10:00:01.000000Z');
INSERT INTO credential_use VALUES('c-globex','2026-11-20T10:00:01.000000Z');
CREATE TABLE note (
	name TEXT COLLATE "BINARY" NOT NULL, 
	document TEXT COLLATE "BINARY" NOT NULL, 
	until TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO note VALUES('sign-in-failures/acme','{"count":1}','2036-11-17T10:00:01.000000Z');
INSERT INTO note VALUES('sign-in-failures/globex','{"count":1}','2036-11-17T10:00:01.000000Z');
CREATE TABLE setting (
	name TEXT COLLATE "BINARY" NOT NULL, 
	value TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO setting VALUES('schema_version','1');
CREATE INDEX event_by_credential ON event (credential_uid, id);
CREATE INDEX event_by_log ON event (log, id);
CREATE INDEX event_by_principal ON event (principal_uid, id);
CREATE INDEX event_by_kind ON event (kind, id);
CREATE INDEX note_by_until ON note (until);
COMMIT;
