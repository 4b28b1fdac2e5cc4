/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_PATH_DIGEST_H
#define DBC_BASE_PATH_DIGEST_H

#include <stdint.h>

#include "base/diag.h"

/*
 * SHA-256 of a file, or of the regular files of a folder and its subfolders:
 * names relative to the folder, sorted by bytes, with their contents. It does
 * not depend on the machine or the place of the folder. -1 with a diagnostic.
 */
int path_digest(const char *path, uint8_t sha256[32], struct diag *d);

#endif
