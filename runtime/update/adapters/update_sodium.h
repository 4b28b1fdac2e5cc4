/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_UPDATE_SODIUM_H
#define DBRT_UPDATE_SODIUM_H

#include <sodium.h>

#include "runtime/update/dbrt_update.h"

/* Ed25519 and SHA-256 of libsodium; `hash` stays the caller's. */
struct dbrt_update_crypto dbrt_update_sodium(crypto_hash_sha256_state *hash);

#endif
