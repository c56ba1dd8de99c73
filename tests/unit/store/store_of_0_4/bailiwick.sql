PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE head (
	log TEXT COLLATE "BINARY" NOT NULL, 
	revision BIGINT NOT NULL, 
	hash BLOB NOT NULL, 
	signature BLOB NOT NULL, 
	at TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (log)
)
 WITHOUT ROWID

;
INSERT INTO head VALUES('account:acme',5,X'994b393d2a414991f61cecefb73b663084d93cfa8406f7734d75c7b9d554bbfb',X'effdb04102fb17d766c3608ae136de295f670e11b2009d095be0b41d0a3a0f78c0b9b0d7aefb08703e0cb63607d60c68a7ed04e07874c04dfbf35dc387ef2b04','2026-11-20T10:00:01.000000Z');
INSERT INTO head VALUES('account:globex',5,X'75d6beb4f3a7bb616e66c043b56b622edcb8ba47ca6c3e3685762fe58e384a79',X'db25ffb4cf61620aed39e135c323b887fb813503861d3dc07407c3d2ec668beae67b0a8d39bf67f00e3111802e0f52a852729872b2ffc303c656fb702d6ada08','2026-11-20T10:00:01.000000Z');
INSERT INTO head VALUES('system',4,X'4fb65ea245e2916c8194ac059e1f9ec73ed2f1e590a6b75409abb2ec8c760f5e',X'4d2667eece6cda4028d65b7b380d4ab976caa4c04b62cbf7e811da17eae98d93ac51c70e8c22b7749cbadad89016296ad68f5ca05f2387af10ca87ad5b973703','2026-11-20T10:00:00.000000Z');
CREATE TABLE idempotency (
	principal_uid TEXT COLLATE "BINARY" NOT NULL, 
	idempotency_key TEXT COLLATE "BINARY" NOT NULL, 
	request_digest TEXT COLLATE "BINARY" NOT NULL, 
	status BIGINT NOT NULL, 
	key_id TEXT COLLATE "BINARY" NOT NULL, 
	ciphertext BLOB NOT NULL, 
	at TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (principal_uid, idempotency_key)
);
INSERT INTO idempotency VALUES('user-1','k-acme','d',201,'master-ef4165fcdfbbbdf9',X'a1d40d7111f184d1b5b5bc5cc26e9badab3759300b4e25630c28d213e2c25bf57e970f4b9767b3440a63','2026-11-20T10:00:01.000000Z');
INSERT INTO idempotency VALUES('user-1','k-globex','d',201,'master-ef4165fcdfbbbdf9',X'ca5421b043ff79ddf4b39e590ec3c00efede2bf6be16426251dd46d5140780f79a454ecba5287518724f','2026-11-20T10:00:01.000000Z');
CREATE TABLE setting (
	name TEXT COLLATE "BINARY" NOT NULL, 
	value TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO setting VALUES('master_key_id','master-ef4165fcdfbbbdf9');
INSERT INTO setting VALUES('signing_key_id','log-148de160a25d64db');
INSERT INTO setting VALUES('schema_version','1');
CREATE TABLE change (
	log TEXT COLLATE "BINARY" NOT NULL, 
	revision BIGINT NOT NULL, 
	seq BIGINT NOT NULL, 
	at TEXT COLLATE "BINARY" NOT NULL, 
	actor_uid TEXT COLLATE "BINARY" NOT NULL, 
	via TEXT COLLATE "BINARY" NOT NULL, 
	kind TEXT COLLATE "BINARY" NOT NULL, 
	uid TEXT COLLATE "BINARY" NOT NULL, 
	op TEXT COLLATE "BINARY" NOT NULL, 
	digest BLOB NOT NULL, 
	prev_hash BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (log, revision, seq), 
	FOREIGN KEY(log) REFERENCES head (log)
)
 WITHOUT ROWID

;
INSERT INTO change VALUES('account:acme',1,1,'2026-11-20T10:00:00.000000Z','user-976bdba18d1992ceedef','init','User','user-976bdba18d1992ceedef','create',X'31cf8a34fcfc622494e5b223fe26a4f863c349b1597f01f35d10d2b2e3b133fa',X'd0cca2052d834a3fc2faba083bb7affd566f7f44310909d3220b6e63da0a0eb1',X'cf297620a968d5d989d9ea60c9257449d8e3ffa9829d3d6e74c3fdfa4206b941');
INSERT INTO change VALUES('account:acme',1,2,'2026-11-20T10:00:00.000000Z','user-976bdba18d1992ceedef','init','Account','account','create',X'd42996881a7d8d6dc0547c5d4f5838b35bb50b5a30295ab948cb35b68cb3cffa',X'cf297620a968d5d989d9ea60c9257449d8e3ffa9829d3d6e74c3fdfa4206b941',X'042ef541aab957256516f3229b86d6df03d0d029a7a49f67d92333b317a0f433');
INSERT INTO change VALUES('account:acme',1,3,'2026-11-20T10:00:00.000000Z','user-976bdba18d1992ceedef','init','Project','project-166d96267241f6066383','create',X'39e9df9b403a3fe6bcdebe8984949f541fd41af09af53bc10d668891b2725f75',X'042ef541aab957256516f3229b86d6df03d0d029a7a49f67d92333b317a0f433',X'5858888a33503faf2efe27b0e48d29749449e7ee9392c8285beeaa5008356665');
INSERT INTO change VALUES('account:acme',1,4,'2026-11-20T10:00:00.000000Z','user-976bdba18d1992ceedef','init','ApiKey','apikey-19db53be64e5b9783b92','create',X'8e4b9fac71cbf4ca9c42ba0e67ef4890f409fd12d78a2fd12abb6c01294c7a2c',X'5858888a33503faf2efe27b0e48d29749449e7ee9392c8285beeaa5008356665',X'f3388d6a2a6f086da7384ad8926256447d1de73eedeecdbcd3a41fd8715a1f11');
INSERT INTO change VALUES('account:acme',2,1,'2026-11-20T10:00:01.000000Z','user-1','test','Application','application-acme','create',X'7847cec9ff4acfe15254d907b90a03b9bdaedd7cad876e0eeaea01b9f56e154b',X'f3388d6a2a6f086da7384ad8926256447d1de73eedeecdbcd3a41fd8715a1f11',X'eb8738a6e94a82beeda2ca8acd2587a2a5e067e295d915eb100b55386efe89ef');
INSERT INTO change VALUES('account:acme',3,1,'2026-11-20T10:00:01.000000Z','user-1','test','User','user-2','create',X'1e1910ae0cf954e9dae3b7bb20e4a714213a90e75f3704edfebe9b9545f5e08f',X'eb8738a6e94a82beeda2ca8acd2587a2a5e067e295d915eb100b55386efe89ef',X'8a667b1bf8ac5916bf17a4b8d8a7ca3c2315da7b34bb94a8452df690263466d3');
INSERT INTO change VALUES('account:acme',4,1,'2026-11-20T10:00:01.000000Z','user-1','test','User','user-2','delete',X'5d43ae17b6c4c9182a0bae574854cfff44fc95814ad52b4d4802eefad8fd644f',X'8a667b1bf8ac5916bf17a4b8d8a7ca3c2315da7b34bb94a8452df690263466d3',X'a2fa8c784342a0a87438248df836b61c101905646abfc1fed73d45dc76f6915c');
INSERT INTO change VALUES('account:acme',5,1,'2026-11-20T10:00:01.000000Z','user-1','test','User','user-2','erase',X'a3c29a3c10b4d32f16fdb2bdeaa37df556df7fe6ba66d2aaccd12f2d95214ec6',X'a2fa8c784342a0a87438248df836b61c101905646abfc1fed73d45dc76f6915c',X'994b393d2a414991f61cecefb73b663084d93cfa8406f7734d75c7b9d554bbfb');
INSERT INTO change VALUES('account:globex',1,1,'2026-11-20T10:00:00.000000Z','user-f906f87e5f56426d8383','init','User','user-f906f87e5f56426d8383','create',X'882b87e3fb84d7d73f8d34fa283e18eb4b18d7a89cfd6347803d884178f3884d',X'8a0e757fe9984614ff70ae81f0c676e59d74459249a46a2e10dc7a338d67e689',X'dfd1fafd019b41a353b961b762abccf4c0ef824c08e2fde46d27be33ef9c480f');
INSERT INTO change VALUES('account:globex',1,2,'2026-11-20T10:00:00.000000Z','user-f906f87e5f56426d8383','init','Account','account','create',X'a202dc5644867b12b3d5c1df3ed37b3161635500b973042b491180f3e01ef0e1',X'dfd1fafd019b41a353b961b762abccf4c0ef824c08e2fde46d27be33ef9c480f',X'909224d01384b184695045899004de2b03f08c73f171c919c0d2724d55676c41');
INSERT INTO change VALUES('account:globex',1,3,'2026-11-20T10:00:00.000000Z','user-f906f87e5f56426d8383','init','Project','project-e2359f125e7f06593383','create',X'cd5f41db76b3e9f338ef9568ea9d902cd1bf1c43fb4d256a1d22daf05e037dfb',X'909224d01384b184695045899004de2b03f08c73f171c919c0d2724d55676c41',X'14ee7cbacf6a473659b00e8a2bfb5b2403b86133dce5731a4160f9b1f416cb1f');
INSERT INTO change VALUES('account:globex',1,4,'2026-11-20T10:00:00.000000Z','user-f906f87e5f56426d8383','init','ApiKey','apikey-8a527c27bee1d228af3b','create',X'ca9d33077dc677945d765451a8d44c57e73eda75eb1483a19a3f13a9cd9a4b6c',X'14ee7cbacf6a473659b00e8a2bfb5b2403b86133dce5731a4160f9b1f416cb1f',X'6df250f5905c2143121ba55693434a8142bb1aafb7fee444b66ad32d8417e705');
INSERT INTO change VALUES('account:globex',2,1,'2026-11-20T10:00:01.000000Z','user-1','test','Application','application-globex','create',X'5aeeb03c428aa0095c109f9f87f853f2393b68c11bd990969730da26fab267ea',X'6df250f5905c2143121ba55693434a8142bb1aafb7fee444b66ad32d8417e705',X'7dc0f044e849ab6d6e6d09a1e4ef9913de6d516eb301e28edb83ed9b6776761e');
INSERT INTO change VALUES('account:globex',3,1,'2026-11-20T10:00:01.000000Z','user-1','test','User','user-2','create',X'b6ad6bd05b5fdff176b0649936dbd1830e8cbd8de8915821ea636e2cfb78226f',X'7dc0f044e849ab6d6e6d09a1e4ef9913de6d516eb301e28edb83ed9b6776761e',X'd9464680f14a3c8b39e4e97f29566e424e942ca41d2e446f82f04b60e7b115f8');
INSERT INTO change VALUES('account:globex',4,1,'2026-11-20T10:00:01.000000Z','user-1','test','User','user-2','delete',X'29f6707cdd964ccfe5cda945519ce6b6ee3237f55ce08c4b66f0b8a4a253598a',X'd9464680f14a3c8b39e4e97f29566e424e942ca41d2e446f82f04b60e7b115f8',X'96358bfb96e314004ade2bc4340d9be2971328cf788747e5232e940306ab9349');
INSERT INTO change VALUES('account:globex',5,1,'2026-11-20T10:00:01.000000Z','user-1','test','User','user-2','erase',X'd594f579524f59e50202939e6c4107e753abaa60b96e500d373f18542ea84e4b',X'96358bfb96e314004ade2bc4340d9be2971328cf788747e5232e940306ab9349',X'75d6beb4f3a7bb616e66c043b56b622edcb8ba47ca6c3e3685762fe58e384a79');
INSERT INTO change VALUES('system',1,1,'2026-11-20T10:00:00.000000Z','bailiwick','create_store','SigningKey','log-148de160a25d64db','create',X'8394816927097f85ea0543c6be7cf06c116d799c9dcccfc4a790de1b3a6a3be3',X'0b4ac3a26cee80b007305d5aae4683f50a2a6c52dc5288e3a22f2e959e873e21',X'589c71b9b60f6d762b52a1d6420e9a037b4d6f900ed798568271cf751ce016dd');
INSERT INTO change VALUES('system',2,1,'2026-11-20T10:00:00.000000Z','system','init','TokenKey','7INQ:F6L5:DDO4:GPF5:PWNB:IMIL:4WBK:JJBS:ZTCQ:RNQK:66PY:FBOZ','create',X'220980c3339ad4b7434df4e5a535d865a1b22fd7de197d36ecbfc381cde41c8e',X'589c71b9b60f6d762b52a1d6420e9a037b4d6f900ed798568271cf751ce016dd',X'aa3e77a8de859bea1bf038ab6db6ab24b03cc818e5e9e3ffb6d00ef017b3d219');
INSERT INTO change VALUES('system',2,2,'2026-11-20T10:00:00.000000Z','system','init','TokenKey','4IMY:HTUS:A2MW:BHGW:SLOU:UVRE:BMFZ:VVFA:EDUG:BY3X:MLFE:JENX','create',X'a0a3472a798e7e85d4e223d6aa7da12a1d8466afecc53a41a954308859193d18',X'aa3e77a8de859bea1bf038ab6db6ab24b03cc818e5e9e3ffb6d00ef017b3d219',X'45a6ad64988ea86383b65e522d68d657b323ba1e4303f1cc1da958b244c9d7d4');
INSERT INTO change VALUES('system',2,3,'2026-11-20T10:00:00.000000Z','system','init','TokenKey','EOWM:QLZC:4RSC:25SS:LKVX:KYDO:6WNC:N2E7:CBKW:CMJV:G3CB:HPZL','create',X'627be3af41c1749fd9be673b4cb8009e44e8cae8717eb46a0c1ce2776d805d32',X'45a6ad64988ea86383b65e522d68d657b323ba1e4303f1cc1da958b244c9d7d4',X'425eb3eaf2de5a8d6bb13dc5f3d6568196d4c22510295dcbcf3ec5ed28a590a4');
INSERT INTO change VALUES('system',2,4,'2026-11-20T10:00:00.000000Z','system','init','TokenKey','NAPG:RL7J:YEPV:UZGK:2LOC:3JM4:R7KW:HSQT:NKPO:SGXE:S3U7:3LC2','create',X'b4cadea992f73f52463eb455af4e54bff93800ac7e5279c46584eb6e566c38da',X'425eb3eaf2de5a8d6bb13dc5f3d6568196d4c22510295dcbcf3ec5ed28a590a4',X'a435dbe803529ad981b1167c58d4d6e8d08f6ed738fba79038716bc7ba4e809c');
INSERT INTO change VALUES('system',3,1,'2026-11-20T10:00:00.000000Z','system','init','Account','account-d07b7cb600cf2e407c53','create',X'9adaea6ebdc843eb062e1aa327cde09c43a0a47dc27278801dcc4228a4b41cb1',X'a435dbe803529ad981b1167c58d4d6e8d08f6ed738fba79038716bc7ba4e809c',X'86cb8f574a775b3e6531a374928e0e3555a455f6b16806efc47f556714854831');
INSERT INTO change VALUES('system',4,1,'2026-11-20T10:00:00.000000Z','system','init','Account','account-1fe623d454d531f00673','create',X'ef552aaae30cbdd602e8bc79e740cf25abb706f57ac88532ee99425834f7c179',X'86cb8f574a775b3e6531a374928e0e3555a455f6b16806efc47f556714854831',X'4fb65ea245e2916c8194ac059e1f9ec73ed2f1e590a6b75409abb2ec8c760f5e');
CREATE TABLE body (
	log TEXT COLLATE "BINARY" NOT NULL, 
	digest BLOB NOT NULL, 
	salt BLOB NOT NULL, 
	document TEXT COLLATE "BINARY" NOT NULL, 
	PRIMARY KEY (log, digest), 
	FOREIGN KEY(log) REFERENCES head (log)
);
INSERT INTO body VALUES('system',X'8394816927097f85ea0543c6be7cf06c116d799c9dcccfc4a790de1b3a6a3be3',X'76e57b724c9dec30f704a4b0112b92d3','{"document":{"algorithm":"Ed25519","public_key":"+GqU0IOgGjwfgpbjc7b3ql66IJ+e+XbS/4hw2RjdoZo=","retired":false},"name":"log-148de160a25d64db"}');
INSERT INTO body VALUES('system',X'220980c3339ad4b7434df4e5a535d865a1b22fd7de197d36ecbfc381cde41c8e',X'811bfc87e85770b8d80d3a3eae4f5e8c','{"document":{"activated_at":"2026-11-20T10:00:00+00:00","certificate":"-----BEGIN CERTIFICATE-----\nMIIBczCCARqgAwIBAgIUAPobAvl9GN3DPL19mhQxC+WCpKQwCgYIKoZIzj0EAwIw\nKDEmMCQGA1UEAwwdQmFpbGl3aWNrIDdJTlE6RjZMNTpERE80OkdQRjUwIBcNMjYx\nMTIwMTAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMCgxJjAkBgNVBAMMHUJhaWxpd2lj\nayA3SU5ROkY2TDU6RERPNDpHUEY1MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\nttEmVd0HUjFBEUDUk0/jJ53i3C1LcdRQTeirxUnw5FwvFjkZWqnSaP6+Nsy9AhxF\ndBYEj56VCukASr3foJ1ZMKMgMB4wDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMC\nB4AwCgYIKoZIzj0EAwIDRwAwRAIgaNuvS2F1jBeCxOWWjYCXhvm40TqEEwpOZ+Mi\nO7uxyR4CIFifzz0XzdAh2CPC9qt3QPLwHD6HT5N2NgDdwdzPr7TT\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"access","state":"current","x":"ttEmVd0HUjFBEUDUk0_jJ53i3C1LcdRQTeirxUnw5Fw","y":"LxY5GVqp0mj-vjbMvQIcRXQWBI-elQrpAEq936CdWTA"},"name":"7INQ:F6L5:DDO4:GPF5:PWNB:IMIL:4WBK:JJBS:ZTCQ:RNQK:66PY:FBOZ"}');
INSERT INTO body VALUES('system',X'a0a3472a798e7e85d4e223d6aa7da12a1d8466afecc53a41a954308859193d18',X'ae1d4b155feeada0b1d3d7b003524add','{"document":{"activated_at":null,"certificate":"-----BEGIN CERTIFICATE-----\nMIIBdTCCARqgAwIBAgIUAOIZg86SBplgnNaS3UpWJAsLmtQwCgYIKoZIzj0EAwIw\nKDEmMCQGA1UEAwwdQmFpbGl3aWNrIDRJTVk6SFRVUzpBMk1XOkJIR1cwIBcNMjYx\nMTIwMTAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMCgxJjAkBgNVBAMMHUJhaWxpd2lj\nayA0SU1ZOkhUVVM6QTJNVzpCSEdXMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\nrComzP8XoAMJ/q+GrKCN5EdKmvvT8P0MVb+BpwQPrwvgmH2gj6IJMTNCoYznsXjK\nWNU5bRfYjC4KmXBAAyGX2qMgMB4wDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMC\nB4AwCgYIKoZIzj0EAwIDSQAwRgIhAOVFbYb22K1uvCyQH/IRzMqJL2ycflITxnf3\ngElRf6+xAiEA5Mv+47XoWBEOkXYaOXvq7uek3tuF2ZxjdscdCkmOsUk=\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"access","state":"next","x":"rComzP8XoAMJ_q-GrKCN5EdKmvvT8P0MVb-BpwQPrws","y":"4Jh9oI-iCTEzQqGM57F4yljVOW0X2IwuCplwQAMhl9o"},"name":"4IMY:HTUS:A2MW:BHGW:SLOU:UVRE:BMFZ:VVFA:EDUG:BY3X:MLFE:JENX"}');
INSERT INTO body VALUES('system',X'627be3af41c1749fd9be673b4cb8009e44e8cae8717eb46a0c1ce2776d805d32',X'02602bf62bf2c75fc15298e9cdebdfce','{"document":{"activated_at":"2026-11-20T10:00:00+00:00","certificate":"-----BEGIN CERTIFICATE-----\nMIIBczCCARmgAwIBAgITI6zILyLkZC12UlqrdWBu9Zom6DAKBggqhkjOPQQDAjAo\nMSYwJAYDVQQDDB1CYWlsaXdpY2sgRU9XTTpRTFpDOjRSU0M6MjVTUzAgFw0yNjEx\nMjAxMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowKDEmMCQGA1UEAwwdQmFpbGl3aWNr\nIEVPV006UUxaQzo0UlNDOjI1U1MwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATE\nCzGmuvyso3626FsA5zTu/3wbXeZC1g4lgrWYig+LOUQhjB8lP6ERM2H6c7iAZL4+\n6jF38fekcxnmYNalQH//oyAwHjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIH\ngDAKBggqhkjOPQQDAgNIADBFAiAX760siDNOknqjggDkwqIBHEQqx48xxZ2+Q98R\nEy4OvgIhALrt+pNsrYthm3MEAr1snffIcIj8tgmlgic1niTnFqqk\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"registry","state":"current","x":"xAsxprr8rKN-tuhbAOc07v98G13mQtYOJYK1mIoPizk","y":"RCGMHyU_oREzYfpzuIBkvj7qMXfx96RzGeZg1qVAf_8"},"name":"EOWM:QLZC:4RSC:25SS:LKVX:KYDO:6WNC:N2E7:CBKW:CMJV:G3CB:HPZL"}');
INSERT INTO body VALUES('system',X'b4cadea992f73f52463eb455af4e54bff93800ac7e5279c46584eb6e566c38da',X'97d63b7836eaf24fa5a68ca6dea41467','{"document":{"activated_at":null,"certificate":"-----BEGIN CERTIFICATE-----\nMIIBczCCARmgAwIBAgITaB5or+nBH1pkytLcLaWcj9VjyjAKBggqhkjOPQQDAjAo\nMSYwJAYDVQQDDB1CYWlsaXdpY2sgTkFQRzpSTDdKOllFUFY6VVpHSzAgFw0yNjEx\nMjAxMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowKDEmMCQGA1UEAwwdQmFpbGl3aWNr\nIE5BUEc6Ukw3SjpZRVBWOlVaR0swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASc\nP9oD3iUFRd+QKGjhCOmywc8JnaI1YGdoW1P6WFj9r99XSZeEGyvFd2XtKexr2mT8\nSD8LKvHHCVBiqqtlOWDQoyAwHjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIH\ngDAKBggqhkjOPQQDAgNIADBFAiEAt0yJAzoOrJKV14Gjki5lbKHxMG1QblU+z9FC\n+Jn3uS8CID2PV4KX6uSFVAgPIfThOlMKULAUbCVWBOx/woPFEwiT\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"registry","state":"next","x":"nD_aA94lBUXfkCho4QjpssHPCZ2iNWBnaFtT-lhY_a8","y":"31dJl4QbK8V3Ze0p7GvaZPxIPwsq8ccJUGKqq2U5YNA"},"name":"NAPG:RL7J:YEPV:UZGK:2LOC:3JM4:R7KW:HSQT:NKPO:SGXE:S3U7:3LC2"}');
INSERT INTO body VALUES('system',X'9adaea6ebdc843eb062e1aa327cde09c43a0a47dc27278801dcc4228a4b41cb1',X'ccbace224d231108ee84f4d39961ecce','{"document":{"log":"account:acme"},"name":"acme"}');
INSERT INTO body VALUES('account:acme',X'31cf8a34fcfc622494e5b223fe26a4f863c349b1597f01f35d10d2b2e3b133fa',X'23e831a3052bdfa25ea1a36d5ed7e529','{"document":{"email":"owner@acme.example","kind":"User","name":"owner"},"name":"owner"}');
INSERT INTO body VALUES('account:acme',X'd42996881a7d8d6dc0547c5d4f5838b35bb50b5a30295ab948cb35b68cb3cffa',X'7de5dd4616fded1a730cd4fba01eaeea','{"document":{"kind":"Account","name":"acme","owner":{"uid":"user-976bdba18d1992ceedef"}},"name":"acme"}');
INSERT INTO body VALUES('account:acme',X'39e9df9b403a3fe6bcdebe8984949f541fd41af09af53bc10d668891b2725f75',X'8a3f9347efbe33fea22dbb3531da9c1c','{"document":{"default":true,"kind":"Project","name":"default"},"name":"default"}');
INSERT INTO body VALUES('account:acme',X'8e4b9fac71cbf4ca9c42ba0e67ef4890f409fd12d78a2fd12abb6c01294c7a2c',X'c96d99e4ea097ad29ce997749be5087b','{"document":{"created_at":"2026-11-20T10:00:00+00:00","description":"made by bailiwick init","owner":{"uid":"user-976bdba18d1992ceedef"},"prefix":"bwk_u7wdjre2"},"name":"apikey-19db53be64e5b9783b92"}');
INSERT INTO body VALUES('account:acme',X'7847cec9ff4acfe15254d907b90a03b9bdaedd7cad876e0eeaea01b9f56e154b',X'd454a6e600e822229dab0b97d8399fdb','{"document":{"public":true,"redirect_uris":["https://shop.example/back"]},"name":"shop"}');
INSERT INTO body VALUES('account:acme',X'a3c29a3c10b4d32f16fdb2bdeaa37df556df7fe6ba66d2aaccd12f2d95214ec6',X'95422c52d3d47d536c99dfe78b065cf4','{"document":{"bodies":2},"name":""}');
INSERT INTO body VALUES('system',X'ef552aaae30cbdd602e8bc79e740cf25abb706f57ac88532ee99425834f7c179',X'858d72b2e06c27514243fc69b94388bd','{"document":{"log":"account:globex"},"name":"globex"}');
INSERT INTO body VALUES('account:globex',X'882b87e3fb84d7d73f8d34fa283e18eb4b18d7a89cfd6347803d884178f3884d',X'108c7a4f87b1fe5579d9db312487b064','{"document":{"email":"owner@globex.example","kind":"User","name":"owner"},"name":"owner"}');
INSERT INTO body VALUES('account:globex',X'a202dc5644867b12b3d5c1df3ed37b3161635500b973042b491180f3e01ef0e1',X'81e2c8a4339a4b8b01b88da7cea470c9','{"document":{"kind":"Account","name":"globex","owner":{"uid":"user-f906f87e5f56426d8383"}},"name":"globex"}');
INSERT INTO body VALUES('account:globex',X'cd5f41db76b3e9f338ef9568ea9d902cd1bf1c43fb4d256a1d22daf05e037dfb',X'63edb4537285b22ad4cf2dc06a627b43','{"document":{"default":true,"kind":"Project","name":"default"},"name":"default"}');
INSERT INTO body VALUES('account:globex',X'ca9d33077dc677945d765451a8d44c57e73eda75eb1483a19a3f13a9cd9a4b6c',X'8704eabdfd0378b16afba4ea3a6e4170','{"document":{"created_at":"2026-11-20T10:00:00+00:00","description":"made by bailiwick init","owner":{"uid":"user-f906f87e5f56426d8383"},"prefix":"bwk_j738n5zt"},"name":"apikey-8a527c27bee1d228af3b"}');
INSERT INTO body VALUES('account:globex',X'5aeeb03c428aa0095c109f9f87f853f2393b68c11bd990969730da26fab267ea',X'd82c0937106cae63e56b5a6a2e3d9eef','{"document":{"public":true,"redirect_uris":["https://shop.example/back"]},"name":"shop"}');
INSERT INTO body VALUES('account:globex',X'd594f579524f59e50202939e6c4107e753abaa60b96e500d373f18542ea84e4b',X'e7373c4fd7bb5d70455823135f72939b','{"document":{"bodies":2},"name":""}');
CREATE TABLE object (
	log TEXT COLLATE "BINARY" NOT NULL, 
	kind TEXT COLLATE "BINARY" NOT NULL, 
	uid TEXT COLLATE "BINARY" NOT NULL, 
	name TEXT COLLATE "BINARY" NOT NULL, 
	body TEXT COLLATE "BINARY" NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (log, kind, uid), 
	FOREIGN KEY(log) REFERENCES head (log)
);
INSERT INTO object VALUES('system','SigningKey','log-148de160a25d64db','log-148de160a25d64db','{"algorithm":"Ed25519","public_key":"+GqU0IOgGjwfgpbjc7b3ql66IJ+e+XbS/4hw2RjdoZo=","retired":false}',1);
INSERT INTO object VALUES('system','TokenKey','7INQ:F6L5:DDO4:GPF5:PWNB:IMIL:4WBK:JJBS:ZTCQ:RNQK:66PY:FBOZ','7INQ:F6L5:DDO4:GPF5:PWNB:IMIL:4WBK:JJBS:ZTCQ:RNQK:66PY:FBOZ','{"activated_at":"2026-11-20T10:00:00+00:00","certificate":"-----BEGIN CERTIFICATE-----\nMIIBczCCARqgAwIBAgIUAPobAvl9GN3DPL19mhQxC+WCpKQwCgYIKoZIzj0EAwIw\nKDEmMCQGA1UEAwwdQmFpbGl3aWNrIDdJTlE6RjZMNTpERE80OkdQRjUwIBcNMjYx\nMTIwMTAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMCgxJjAkBgNVBAMMHUJhaWxpd2lj\nayA3SU5ROkY2TDU6RERPNDpHUEY1MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\nttEmVd0HUjFBEUDUk0/jJ53i3C1LcdRQTeirxUnw5FwvFjkZWqnSaP6+Nsy9AhxF\ndBYEj56VCukASr3foJ1ZMKMgMB4wDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMC\nB4AwCgYIKoZIzj0EAwIDRwAwRAIgaNuvS2F1jBeCxOWWjYCXhvm40TqEEwpOZ+Mi\nO7uxyR4CIFifzz0XzdAh2CPC9qt3QPLwHD6HT5N2NgDdwdzPr7TT\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"access","state":"current","x":"ttEmVd0HUjFBEUDUk0_jJ53i3C1LcdRQTeirxUnw5Fw","y":"LxY5GVqp0mj-vjbMvQIcRXQWBI-elQrpAEq936CdWTA"}',2);
INSERT INTO object VALUES('system','TokenKey','4IMY:HTUS:A2MW:BHGW:SLOU:UVRE:BMFZ:VVFA:EDUG:BY3X:MLFE:JENX','4IMY:HTUS:A2MW:BHGW:SLOU:UVRE:BMFZ:VVFA:EDUG:BY3X:MLFE:JENX','{"activated_at":null,"certificate":"-----BEGIN CERTIFICATE-----\nMIIBdTCCARqgAwIBAgIUAOIZg86SBplgnNaS3UpWJAsLmtQwCgYIKoZIzj0EAwIw\nKDEmMCQGA1UEAwwdQmFpbGl3aWNrIDRJTVk6SFRVUzpBMk1XOkJIR1cwIBcNMjYx\nMTIwMTAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMCgxJjAkBgNVBAMMHUJhaWxpd2lj\nayA0SU1ZOkhUVVM6QTJNVzpCSEdXMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\nrComzP8XoAMJ/q+GrKCN5EdKmvvT8P0MVb+BpwQPrwvgmH2gj6IJMTNCoYznsXjK\nWNU5bRfYjC4KmXBAAyGX2qMgMB4wDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMC\nB4AwCgYIKoZIzj0EAwIDSQAwRgIhAOVFbYb22K1uvCyQH/IRzMqJL2ycflITxnf3\ngElRf6+xAiEA5Mv+47XoWBEOkXYaOXvq7uek3tuF2ZxjdscdCkmOsUk=\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"access","state":"next","x":"rComzP8XoAMJ_q-GrKCN5EdKmvvT8P0MVb-BpwQPrws","y":"4Jh9oI-iCTEzQqGM57F4yljVOW0X2IwuCplwQAMhl9o"}',2);
INSERT INTO object VALUES('system','TokenKey','EOWM:QLZC:4RSC:25SS:LKVX:KYDO:6WNC:N2E7:CBKW:CMJV:G3CB:HPZL','EOWM:QLZC:4RSC:25SS:LKVX:KYDO:6WNC:N2E7:CBKW:CMJV:G3CB:HPZL','{"activated_at":"2026-11-20T10:00:00+00:00","certificate":"-----BEGIN CERTIFICATE-----\nMIIBczCCARmgAwIBAgITI6zILyLkZC12UlqrdWBu9Zom6DAKBggqhkjOPQQDAjAo\nMSYwJAYDVQQDDB1CYWlsaXdpY2sgRU9XTTpRTFpDOjRSU0M6MjVTUzAgFw0yNjEx\nMjAxMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowKDEmMCQGA1UEAwwdQmFpbGl3aWNr\nIEVPV006UUxaQzo0UlNDOjI1U1MwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATE\nCzGmuvyso3626FsA5zTu/3wbXeZC1g4lgrWYig+LOUQhjB8lP6ERM2H6c7iAZL4+\n6jF38fekcxnmYNalQH//oyAwHjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIH\ngDAKBggqhkjOPQQDAgNIADBFAiAX760siDNOknqjggDkwqIBHEQqx48xxZ2+Q98R\nEy4OvgIhALrt+pNsrYthm3MEAr1snffIcIj8tgmlgic1niTnFqqk\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"registry","state":"current","x":"xAsxprr8rKN-tuhbAOc07v98G13mQtYOJYK1mIoPizk","y":"RCGMHyU_oREzYfpzuIBkvj7qMXfx96RzGeZg1qVAf_8"}',2);
INSERT INTO object VALUES('system','TokenKey','NAPG:RL7J:YEPV:UZGK:2LOC:3JM4:R7KW:HSQT:NKPO:SGXE:S3U7:3LC2','NAPG:RL7J:YEPV:UZGK:2LOC:3JM4:R7KW:HSQT:NKPO:SGXE:S3U7:3LC2','{"activated_at":null,"certificate":"-----BEGIN CERTIFICATE-----\nMIIBczCCARmgAwIBAgITaB5or+nBH1pkytLcLaWcj9VjyjAKBggqhkjOPQQDAjAo\nMSYwJAYDVQQDDB1CYWlsaXdpY2sgTkFQRzpSTDdKOllFUFY6VVpHSzAgFw0yNjEx\nMjAxMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowKDEmMCQGA1UEAwwdQmFpbGl3aWNr\nIE5BUEc6Ukw3SjpZRVBWOlVaR0swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASc\nP9oD3iUFRd+QKGjhCOmywc8JnaI1YGdoW1P6WFj9r99XSZeEGyvFd2XtKexr2mT8\nSD8LKvHHCVBiqqtlOWDQoyAwHjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIH\ngDAKBggqhkjOPQQDAgNIADBFAiEAt0yJAzoOrJKV14Gjki5lbKHxMG1QblU+z9FC\n+Jn3uS8CID2PV4KX6uSFVAgPIfThOlMKULAUbCVWBOx/woPFEwiT\n-----END CERTIFICATE-----\n","created_at":"2026-11-20T10:00:00+00:00","not_after":null,"purpose":"registry","state":"next","x":"nD_aA94lBUXfkCho4QjpssHPCZ2iNWBnaFtT-lhY_a8","y":"31dJl4QbK8V3Ze0p7GvaZPxIPwsq8ccJUGKqq2U5YNA"}',2);
INSERT INTO object VALUES('system','Account','account-d07b7cb600cf2e407c53','acme','{"log":"account:acme"}',3);
INSERT INTO object VALUES('account:acme','User','user-976bdba18d1992ceedef','owner','{"email":"owner@acme.example","kind":"User","name":"owner"}',1);
INSERT INTO object VALUES('account:acme','Account','account','acme','{"kind":"Account","name":"acme","owner":{"uid":"user-976bdba18d1992ceedef"}}',1);
INSERT INTO object VALUES('account:acme','Project','project-166d96267241f6066383','default','{"default":true,"kind":"Project","name":"default"}',1);
INSERT INTO object VALUES('account:acme','ApiKey','apikey-19db53be64e5b9783b92','apikey-19db53be64e5b9783b92','{"created_at":"2026-11-20T10:00:00+00:00","description":"made by bailiwick init","owner":{"uid":"user-976bdba18d1992ceedef"},"prefix":"bwk_u7wdjre2"}',1);
INSERT INTO object VALUES('account:acme','Application','application-acme','shop','{"public":true,"redirect_uris":["https://shop.example/back"]}',2);
INSERT INTO object VALUES('system','Account','account-1fe623d454d531f00673','globex','{"log":"account:globex"}',4);
INSERT INTO object VALUES('account:globex','User','user-f906f87e5f56426d8383','owner','{"email":"owner@globex.example","kind":"User","name":"owner"}',1);
INSERT INTO object VALUES('account:globex','Account','account','globex','{"kind":"Account","name":"globex","owner":{"uid":"user-f906f87e5f56426d8383"}}',1);
INSERT INTO object VALUES('account:globex','Project','project-e2359f125e7f06593383','default','{"default":true,"kind":"Project","name":"default"}',1);
INSERT INTO object VALUES('account:globex','ApiKey','apikey-8a527c27bee1d228af3b','apikey-8a527c27bee1d228af3b','{"created_at":"2026-11-20T10:00:00+00:00","description":"made by bailiwick init","owner":{"uid":"user-f906f87e5f56426d8383"},"prefix":"bwk_j738n5zt"}',1);
INSERT INTO object VALUES('account:globex','Application','application-globex','shop','{"public":true,"redirect_uris":["https://shop.example/back"]}',2);
CREATE TABLE secret (
	log TEXT COLLATE "BINARY" NOT NULL, 
	name TEXT COLLATE "BINARY" NOT NULL, 
	purpose TEXT COLLATE "BINARY" NOT NULL, 
	key_id TEXT COLLATE "BINARY" NOT NULL, 
	ciphertext BLOB NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (log, name), 
	FOREIGN KEY(log) REFERENCES head (log)
);
INSERT INTO secret VALUES('system','log-148de160a25d64db','log-signing-key','master-ef4165fcdfbbbdf9',X'd10551834ff78cb678ea0721d461cd496d7cf4ccaf9920d8526d2b3727f2a92f6d26871de5236bf45829eb4d6c39d7d7a0665455491f284964ac6ed0',1);
INSERT INTO secret VALUES('system','7INQ:F6L5:DDO4:GPF5:PWNB:IMIL:4WBK:JJBS:ZTCQ:RNQK:66PY:FBOZ','TokenKey','master-ef4165fcdfbbbdf9',X'177dd3a2dbcfb1d478e525c43bb156778e6ae6973f7b2e9994b328e4929ce85c5e0511356bf8f4fe8ddd8fdb5d725f5821c8dffcc8f204e68e4567732eb9540784324307e408a387a3944465d6062369384fa5de93c67da71ca6f49b70e7e2b6c5d804614f9586923f06c03a73223236a1bdcfcbf03a231b760db94bad77aeb428f6a686ec514db5d582c8c8bbfaaacffdde619b1ce7e1d0af4ff9e883c4d8aa5a70683000735b7868e3a48d2b3442c743b976fecbf5f1140fb5ca979b4f2b27ae2638153c38861c821c4dcf336d364c82588a708ade3128753e0a88d1108adbd91df9913a289717164cb511362047dc5ac8f0c715df6fc4201dd020d6b27ffd8b45e5d14909ef4bf47b5f8c77',2);
INSERT INTO secret VALUES('system','4IMY:HTUS:A2MW:BHGW:SLOU:UVRE:BMFZ:VVFA:EDUG:BY3X:MLFE:JENX','TokenKey','master-ef4165fcdfbbbdf9',X'd42c7ee3403a8693aaec5e50305d57aeccbd4079e3c7610c31ae4a0f53d259b57824d994cfc39b6ac8d95a7bab028400a1697ccdf1ad8db2223f6cb9052da9d98178939ed0f92f3b8c696c70f72d1a75da06685968328af11aae99ad5bf0e7be38c6978100859919c238e258d47176b1ffaceafe8e5692350e340dc53d806124eb0fd7f94bb7897eb6d9815e5618ac164e435a2ff27f3700a7d1c25600ba0a1789bde128270bf9bb7f53ea89f9ba5165fd773e2726b9862f258305f24e26d74169c8b14ad2f4a90edf670a565f51cb4f78bc287af7ec702b3f8c762961395fc6a104d347fb258eb70e7cea06153cdaebb6e1cbe25788f251d66cac5fdaecf5189360152665971f40a574179629',2);
INSERT INTO secret VALUES('system','EOWM:QLZC:4RSC:25SS:LKVX:KYDO:6WNC:N2E7:CBKW:CMJV:G3CB:HPZL','TokenKey','master-ef4165fcdfbbbdf9',X'07b0c6408f4acffa57935747327be87860a0d361080e9da62d683f067f8c9fb3bdc5b7d62d6595f9885c47c0bff75ec9407658e3655a328bb260858b3f87f48168c4365fb394ea41e04d42d421b3a60e3700bd498ddc7ead10c8c00be9371e3965763e1b6fdf1de5ffead927b040cc82332fd672384f6f07b6897c7771bcb0d7de026c4814dc8d1edd45b1afa9029eac32e8f25d990e6bf28a860b35eeba1be23bfb727e1f5744505389c7b4774243af8fdf4c6f94983c0645029938c51742fe567c137b0768408fe84cb2dfcbb8e82006deeea7074c00c6bcfbaa022422e2abfc862ad2ed74ebf40b58c94abc537910e876fb339c3a83a6a9580c163ae381d50fe9943006f400c3e92b0a9555',2);
INSERT INTO secret VALUES('system','NAPG:RL7J:YEPV:UZGK:2LOC:3JM4:R7KW:HSQT:NKPO:SGXE:S3U7:3LC2','TokenKey','master-ef4165fcdfbbbdf9',X'dfda490bef642278969b7c68f7079492234115bc7a46decd4e76eacac183bf0e5fe2866368305ab4ad674bda9a1ce05a906a1d2e13d687b28d944cdd5564262fed8a264733f6be8717f57e8aab2ff769793edc5e1c818fe0d890b189225419459b7008267a01410a19112894314ae94246eb466481ed3e58ce69585174f6709a43e73900c530591630d00aa1ae1a59eeb4f4885cb924ad358687f0ce654f148af8538051e1a961a9ca98191af9c16dba8425d09a849a8d23fe7de423355db5987ff782056303d2031f2928499e896918b991e92068c9093e28e9f77bd5e0f4e293e3d353f2346fff896d354954fb0ddced1d19a386b6d1ffeb8f3ab013bdc853ae9590a959fe45972964f53c1e',2);
INSERT INTO secret VALUES('account:acme','apikey-19db53be64e5b9783b92','ApiKey','master-ef4165fcdfbbbdf9',X'96578b589b89e9bd37f9b16fe7659f610907c254b99ad6a8e9a65f23f6db516a69c6320cfd8ecceddfb5cb232fd8768e13259b53b0e30848d21d0491',1);
INSERT INTO secret VALUES('account:acme','s-acme','password','master-ef4165fcdfbbbdf9',X'11ff59e86812fb8a1ea884c8e89102c57897fd8dd9a4d4b6c0d9877c23',2);
INSERT INTO secret VALUES('account:globex','apikey-8a527c27bee1d228af3b','ApiKey','master-ef4165fcdfbbbdf9',X'2897cb48164aab1b88c1d286d9a9c8a6f17d15a251ef67265d5dfc84b6e7b6cb8093d8ad1b410c84e305c3ff18f6e8f3b6de11ccf4c89ff02f95eb7e',1);
INSERT INTO secret VALUES('account:globex','s-globex','password','master-ef4165fcdfbbbdf9',X'4fb91a6020c4ab92d16be87e65409ba5a6634f8f35a5e64d4d4de5a07d',2);
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 VALUES('change','change','1000000 100000 2 1');
INSERT INTO sqlite_stat1 VALUES('change','change_by_object','1000000 100000 20000 4 1 1');
INSERT INTO sqlite_stat1 VALUES('change','change_by_actor','1000000 100000 1000 1 1');
INSERT INTO sqlite_stat1 VALUES('change','change_erasures','1000 1000 100 1');
CREATE INDEX idempotency_by_at ON idempotency (at);
CREATE INDEX change_by_object ON change (log, kind, uid, revision, seq);
CREATE INDEX change_erasures ON change (log, kind, uid) WHERE op = 'erase';
CREATE INDEX change_by_actor ON change (log, actor_uid, revision, seq);
CREATE UNIQUE INDEX object_by_name ON object (log, kind, name) WHERE name <> '';
CREATE INDEX secret_by_purpose ON secret (log, purpose, name);
COMMIT;
