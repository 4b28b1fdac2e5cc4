/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/update/update_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file_read.h"
#include "base/file_write.h"

#define ALGORITHM "Ed"
#define PUBLIC_BYTES (2 + DBU_KEY_ID_BYTES + DBU_KEY_BYTES)
#define SECRET_BYTES (2 + DBU_KEY_ID_BYTES + 64)
#define MOST_TEXT 4096
#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* "untrusted comment: dbconvert KIND key ID", and the key. */
static int key_text(const struct update_key *key, bool secret, char *out,
		    size_t size)
{
	const char *kind = secret ? "secret" : "public";
	uint8_t bytes[SECRET_BYTES] = ALGORITHM;
	char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, BASE64)];
	char id[2 * DBU_KEY_ID_BYTES + 1];
	size_t count = secret ? SECRET_BYTES : PUBLIC_BYTES;

	memcpy(bytes + 2, key->known.id, DBU_KEY_ID_BYTES);
	memcpy(bytes + 2 + DBU_KEY_ID_BYTES,
	       secret ? key->secret : key->known.key,
	       count - 2 - DBU_KEY_ID_BYTES);
	sodium_bin2base64(text, sizeof(text), bytes, count, BASE64);
	sodium_bin2hex(id, sizeof(id), key->known.id, sizeof(key->known.id));
	sodium_memzero(bytes, sizeof(bytes));
	return snprintf(out, size,
			"untrusted comment: dbconvert %s key %s\n%s\n", kind,
			id, text);
}

/* A new file that only its owner reads. */
static int write_secret(const char *path, const char *text, int bytes,
			struct diag *d)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int failed;

	if (fd < 0 && errno == EEXIST) {
		diag_error(d, "%s: exists already", path);
		diag_hint(d, "a lost key cannot be replaced on devices: move "
			     "it away, or give another name");
		return -1;
	}
	if (fd < 0)
		return diag_error(d, "%s: %s", path, strerror(errno));
	failed = write(fd, text, (size_t)bytes) != bytes || fsync(fd);
	if (close(fd) || failed) {
		unlink(path);
		return diag_error(d, "%s: cannot be written", path);
	}
	return 0;
}

int update_key_generate(const char *stem, struct update_key *key,
			struct diag *d)
{
	char path[4096], text[512];
	int bytes, err;

	if (sodium_init() < 0)
		return diag_error(d, "no random numbers");
	if (strlen(stem) + 5 > sizeof(path))
		return diag_error(d, "the name of the key is too long");
	randombytes_buf(key->known.id, sizeof(key->known.id));
	crypto_sign_keypair(key->known.key, key->secret);
	key->has_secret = true;
	snprintf(path, sizeof(path), "%s.key", stem);
	bytes = key_text(key, true, text, sizeof(text));
	err = write_secret(path, text, bytes, d);
	sodium_memzero(text, sizeof(text));
	if (err)
		return -1;
	snprintf(path, sizeof(path), "%s.pub", stem);
	bytes = key_text(key, false, text, sizeof(text));
	return file_write_atomic(path, text, (size_t)bytes, d);
}

/* The line behind an optional line of comment. */
static const char *key_line(const char *text, size_t *length)
{
	if (!strncmp(text, "untrusted comment:", 18)) {
		text = strchr(text, '\n');
		text = text ? text + 1 : "";
	}
	*length = strcspn(text, "\r\n");
	return text;
}

int update_key_parse(const char *subject, const char *text,
		     struct update_key *key, struct diag *d)
{
	uint8_t bytes[SECRET_BYTES];
	size_t length, count = 0;
	const char *line = key_line(text, &length);
	bool right;

	right = !sodium_base642bin(bytes, sizeof(bytes), line, length, NULL,
				   &count, NULL, BASE64) &&
		(count == PUBLIC_BYTES || count == SECRET_BYTES) &&
		!memcmp(bytes, ALGORITHM, 2);
	if (right) {
		const uint8_t *at = bytes + 2 + DBU_KEY_ID_BYTES;

		memcpy(key->known.id, bytes + 2, DBU_KEY_ID_BYTES);
		key->has_secret = count == SECRET_BYTES;
		if (key->has_secret) {
			memcpy(key->secret, at, sizeof(key->secret));
			at += crypto_sign_SEEDBYTES;
		}
		memcpy(key->known.key, at, DBU_KEY_BYTES);
	}
	sodium_memzero(bytes, sizeof(bytes));
	if (right)
		return 0;
	diag_error(d, "%s: is no key of Ed25519", subject);
	diag_hint(d, "'dbconvert keygen' makes one");
	return -1;
}

int update_key_read(const char *path, struct update_key *key, struct diag *d)
{
	struct regular_file f = { 0 };
	char text[MOST_TEXT + 1] = "";
	char *former = diag_enter(d, path);
	int err = regular_file_read(path, MOST_TEXT, &f, d);

	diag_leave(d, former);
	if (!err) {
		memcpy(text, f.data, f.size);
		err = update_key_parse(path, text, key, d);
		sodium_memzero(f.data, f.size);
	}
	sodium_memzero(text, sizeof(text));
	regular_file_free(&f);
	return err;
}

void update_key_wipe(struct update_key *key)
{
	sodium_memzero(key, sizeof(*key));
}
