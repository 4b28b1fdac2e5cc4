/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SIGN_COMMAND_H
#define DBC_CONVERTER_SIGN_COMMAND_H

#include "base/diag.h"
#include "schemas/dbu.h"

/* Runs a command by sh, for keys that do not leave their hardware: it reads
 * the message from standard input and prints the 64 bytes of the signature. */
int sign_command(const char *command, const void *message, size_t bytes,
		 uint8_t signature[DBU_SIGNATURE_BYTES], struct diag *d);

#endif
