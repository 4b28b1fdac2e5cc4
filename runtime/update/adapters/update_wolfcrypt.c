/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/update/adapters/update_wolfcrypt.h"

#include <wolfssl/wolfcrypt/ed25519.h>

static int verify(const uint8_t *key, const uint8_t *signature,
		  const uint8_t *message, size_t bytes)
{
	ed25519_key k;
	int right = 0, err;

	if (wc_ed25519_init(&k))
		return -1;
	err = wc_ed25519_import_public(key, DBU_KEY_BYTES, &k);
	if (!err)
		err = wc_ed25519_verify_msg(signature, DBU_SIGNATURE_BYTES,
					    message, (word32)bytes, &right, &k);
	wc_ed25519_free(&k);
	return !err && right == 1 ? 0 : -1;
}

static int begin(void *hash)
{
	return wc_InitSha256(hash);
}

static int add(void *hash, const uint8_t *data, size_t bytes)
{
	return wc_Sha256Update(hash, data, (word32)bytes);
}

static int end(void *hash, uint8_t *sha256)
{
	return wc_Sha256Final(hash, sha256);
}

struct dbrt_update_crypto dbrt_update_wolfcrypt(wc_Sha256 *hash)
{
	return (struct dbrt_update_crypto){ verify, begin, add, end, hash };
}
