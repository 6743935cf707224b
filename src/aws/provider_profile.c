// SPDX-License-Identifier: Apache-2.0
/*
 * A profile says in one of five ways where its keys are: it takes on a role (with the keys of another
 * profile, or of the container or instance, or with a token file), it runs a program, or it has them.
 * A profile of the shared files that says none of these is one for other settings, and the chain goes
 * on; but one that AWS_PROFILE names must be there.
 */
#include "aws/provider.h"

#include <errno.h>
#include <string.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define ROLES_MAX 5 /* in a row */

static int keys_of(struct provider_run *run, const char *profile, unsigned int depth,
                   struct aws_keys *ret, struct diag *diag);

static const char *get(const struct provider_run *run, const char *profile, const char *key)
{
	return profiles_get(run->profiles, profile, key);
}

static void name(struct provider_run *run, const char *profile)
{
	provider_name(run, "profile \"%s\"", profile);
}

/* "credential_source": who vouches for the role when no profile does. */
static int source_of_host(struct provider_run *run, const char *source, struct aws_keys *ret,
                          struct diag *diag)
{
	static const struct {
		const char *name;
		provider_fn *provider;
	} sources[] = {
		{"Environment", provider_environment},
		{"EcsContainer", provider_container},
		{"Ec2InstanceMetadata", provider_metadata},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		int r;

		if (!streq(source, sources[i].name))
			continue;
		r = sources[i].provider(run, ret, diag);
		return r != PROVIDER_UNCONFIGURED
		               ? r
		               : diag_error(diag, -EINVAL, "%s: credential_source = %s: %s",
		                            run->who, source, buf_cstr(&run->passed));
	}
	return diag_error(diag, -EINVAL,
	                  "%s: credential_source is Environment, EcsContainer or "
	                  "Ec2InstanceMetadata",
	                  run->who);
}

static int own_keys(struct provider_run *run, const char *profile, struct aws_keys *ret,
                    struct diag *diag)
{
	struct aws_keys keys = {
		(char *)get(run, profile, "aws_access_key_id"),
		(char *)get(run, profile, "aws_secret_access_key"),
		(char *)get(run, profile, "aws_session_token"),
		0,
	};
	const char *why = aws_keys_check(&keys);

	if (why)
		return diag_error(diag, -EINVAL, "%s: %s", run->who, why);
	*ret = aws_keys_copy(&keys);
	return 0;
}

/* The keys that ask STS for the role: a profile may name itself, for the keys in it. */
static int source_keys(struct provider_run *run, const char *profile, unsigned int depth,
                       struct aws_keys *ret, struct diag *diag)
{
	const char *source = get(run, profile, "source_profile");
	const char *host = get(run, profile, "credential_source");

	if (source && streq(source, profile))
		return own_keys(run, profile, ret, diag);
	if (source && !profiles_has(run->profiles, source))
		return diag_error(diag, -EINVAL, "%s: there is no source_profile \"%s\"", run->who,
		                  source);
	if (source)
		return keys_of(run, source, depth + 1, ret, diag);
	if (host)
		return source_of_host(run, host, ret, diag);
	return diag_error(diag, -EINVAL,
	                  "%s: role_arn needs source_profile, credential_source or "
	                  "web_identity_token_file",
	                  run->who);
}

static int role_keys(struct provider_run *run, const char *profile, unsigned int depth,
                     struct aws_keys *ret, struct diag *diag)
{
	const char *token_file = get(run, profile, "web_identity_token_file");
	_cleanup_(aws_keys_donep) struct aws_keys source = {};
	struct provider_role role = {
		.arn = get(run, profile, "role_arn"),
		.session = get(run, profile, "role_session_name"),
		.external_id = get(run, profile, "external_id"),
		.duration = get(run, profile, "duration_seconds"),
	};
	int r;

	if (depth == ROLES_MAX)
		return diag_error(diag, -ELOOP, "%s: too many roles in a row, or a circle of them",
		                  run->who);
	if (get(run, profile, "mfa_serial"))
		return diag_error(diag, -EINVAL,
		                  "%s: mfa_serial asks for a code, which an agent cannot type",
		                  run->who);
	if (token_file)
		return provider_token_file(run, token_file, &role, ret, diag);
	r = source_keys(run, profile, depth, &source, diag);
	if (r < 0)
		return r;
	name(run, profile);
	role.source = &source;
	return provider_assume_role(run, &role, ret, diag);
}

/* Who can write the file decides what is run as root. */
static int process_keys(struct provider_run *run, const char *profile, struct aws_keys *ret,
                        struct diag *diag)
{
	const char *files[] = {profiles_config_file(run->profiles),
	                       profiles_credentials_file(run->profiles)};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = file_exists(files[i]) ? file_check_trusted(files[i], diag) : 0;

		if (r < 0)
			return diag_error(diag, r, "%s: so its credential_process is not run",
			                  run->who);
	}
	return provider_process(run, get(run, profile, "credential_process"), ret, diag);
}

static int keys_of(struct provider_run *run, const char *profile, unsigned int depth,
                   struct aws_keys *ret, struct diag *diag)
{
	name(run, profile);
	if (get(run, profile, "role_arn"))
		return role_keys(run, profile, depth, ret, diag);
	if (get(run, profile, "aws_access_key_id") || get(run, profile, "aws_secret_access_key"))
		return own_keys(run, profile, ret, diag);
	if (get(run, profile, "credential_process"))
		return process_keys(run, profile, ret, diag);
	if (get(run, profile, "sso_session") || get(run, profile, "sso_start_url"))
		return diag_error(diag, -EINVAL,
		                  "%s: it signs in by SSO, which needs a person; use a role, or "
		                  "credential_process",
		                  run->who);
	if (depth)
		return diag_error(diag, -EINVAL, "%s: it has no keys", run->who);
	return provider_pass(run, "%s has no keys", run->who);
}

int provider_profile(struct provider_run *run, struct aws_keys *ret, struct diag *diag)
{
	const char *named = provider_variable("AWS_PROFILE");
	const char *profile = named ? named : "default";
	int r = provider_load_profiles(run, diag);

	if (r < 0)
		return r;
	if (profiles_has(run->profiles, profile))
		return keys_of(run, profile, 0, ret, diag);
	if (named)
		return diag_error(diag, -EINVAL,
		                  "AWS_PROFILE is \"%s\", which is in neither %s nor %s", named,
		                  profiles_config_file(run->profiles),
		                  profiles_credentials_file(run->profiles));
	return provider_pass(run, "%s has no profile \"default\"",
	                     profiles_credentials_file(run->profiles));
}
