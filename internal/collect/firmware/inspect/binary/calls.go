package binary

import (
	"slices"
	"strings"

	"assay/internal/collect/firmware/inspect/elf"
)

// unbounded are functions of the C library that write as long as their input
// lasts, or make names that others can guess (CWE-242, CWE-676, CWE-377).
var unbounded = map[string]bool{
	"gets": true, "strcpy": true, "strcat": true, "sprintf": true, "vsprintf": true, "stpcpy": true, "wcscpy": true, "wcscat": true,
	"scanf": true, "fscanf": true, "sscanf": true, "vsscanf": true, "mktemp": true, "tmpnam": true, "tempnam": true, "getwd": true,
}

var commands = map[string]bool{
	"system": true, "popen": true, "wordexp": true, "execl": true, "execlp": true, "execle": true, "execv": true, "execvp": true, "execve": true, "execvpe": true,
}

// calls notes which of these functions p imports.
func (r *Record) calls(p *elf.Program) {
	for _, name := range p.Imports {
		name = strings.TrimPrefix(strings.TrimPrefix(name, "__isoc99_"), "__isoc23_")
		switch {
		case unbounded[name]:
			r.Unsafe = append(r.Unsafe, name)
		case commands[name], wrapper(name):
			r.Commands = append(r.Commands, name)
		}
	}
	slices.Sort(r.Unsafe)
	slices.Sort(r.Commands)
	r.Unsafe, r.Commands = slices.Compact(r.Unsafe), slices.Compact(r.Commands)
}

// wrapper says that a function is a maker's own way around system(3): makers'
// libraries name it doSystemCmd, twsystem, CsteSystem, do_system.
func wrapper(name string) bool {
	if len(name) > 24 || strings.HasPrefix(name, "_Z") || strings.HasPrefix(name, "g_") {
		return false
	}
	low := strings.TrimSuffix(strings.ReplaceAll(strings.ToLower(name), "_", ""), "cmd")
	return strings.HasSuffix(low, "system") && !strings.HasSuffix(low, "filesystem") && !strings.HasSuffix(low, "subsystem") && !strings.HasPrefix(low, "is") && !strings.HasPrefix(low, "init")
}

// keySetters are functions that are handed a key.
var keySetters = map[string]bool{
	"AES_set_encrypt_key": true, "AES_set_decrypt_key": true, "mbedtls_aes_setkey_enc": true, "mbedtls_aes_setkey_dec": true, "aes_setkey_enc": true, "aes_setkey_dec": true,
	"EVP_EncryptInit": true, "EVP_EncryptInit_ex": true, "EVP_DecryptInit": true, "EVP_DecryptInit_ex": true, "EVP_CipherInit": true, "EVP_CipherInit_ex": true,
	"gcry_cipher_setkey": true, "wc_AesSetKey": true, "AES_init_ctx": true, "AES_init_ctx_iv": true, "DES_set_key": true, "DES_set_key_unchecked": true, "BF_set_key": true,
}
