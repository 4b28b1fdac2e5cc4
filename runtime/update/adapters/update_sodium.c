/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/update/adapters/update_sodium.h"

static int verify(const uint8_t *key, const uint8_t *signature,
		  const uint8_t *message, size_t bytes)
{
	return crypto_sign_verify_detached(signature, message, bytes, key);
}

static int begin(void *hash)
{
	return crypto_hash_sha256_init(hash);
}

static int add(void *hash, const uint8_t *data, size_t bytes)
{
	return crypto_hash_sha256_update(hash, data, bytes);
}

static int end(void *hash, uint8_t *sha256)
{
	return crypto_hash_sha256_final(hash, sha256);
}

struct dbrt_update_crypto dbrt_update_sodium(crypto_hash_sha256_state *hash)
{
	return (struct dbrt_update_crypto){ verify, begin, add, end, hash };
}
