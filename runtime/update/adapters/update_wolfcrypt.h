/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_UPDATE_WOLFCRYPT_H
#define DBRT_UPDATE_WOLFCRYPT_H

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "runtime/update/dbrt_update.h"

/* Ed25519 and SHA-256 of wolfCrypt; `hash` stays the caller's. */
struct dbrt_update_crypto dbrt_update_wolfcrypt(wc_Sha256 *hash);

#endif
