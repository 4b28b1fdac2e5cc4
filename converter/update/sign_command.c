/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/update/sign_command.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Files, not pipes: neither side waits for the other. */
static int run(const char *command, FILE *in, FILE *out)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (dup2(fileno(in), 0) >= 0 && dup2(fileno(out), 1) >= 0)
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int exchange(const char *command, const void *message, size_t bytes,
		    FILE *in, FILE *out)
{
	if (fwrite(message, 1, bytes, in) != bytes || fflush(in) ||
	    fseek(in, 0, SEEK_SET))
		return -1;
	return run(command, in, out);
}

int sign_command(const char *command, const void *message, size_t bytes,
		 uint8_t signature[DBU_SIGNATURE_BYTES], struct diag *d)
{
	FILE *in = tmpfile(), *out = tmpfile();
	uint8_t more;
	int err = 0, status = 0;

	if (!in || !out)
		err = diag_error(d, "no temporary file");
	else
		status = exchange(command, message, bytes, in, out);
	if (!err && status)
		err = diag_error(d,
				 "the command of '--sign-command' failed "
				 "with status %d",
				 status);
	if (!err && (fseek(out, 0, SEEK_SET) ||
		     fread(signature, 1, DBU_SIGNATURE_BYTES, out) !=
			     DBU_SIGNATURE_BYTES ||
		     fread(&more, 1, 1, out)))
		err = diag_error(d, "the command of '--sign-command' did not "
				    "print 64 bytes");
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return err;
}
