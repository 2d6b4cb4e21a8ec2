/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

/** The commands in use (TPM 2.0, part 2, 6.5.2). */
enum TpmCommand {
  EVICT_CONTROL(0x120, "TPM2_EvictControl"),
  CREATE_PRIMARY(0x131, "TPM2_CreatePrimary"),
  STARTUP(0x144, "TPM2_Startup"),
  ACTIVATE_CREDENTIAL(0x147, "TPM2_ActivateCredential"),
  NV_READ(0x14E, "TPM2_NV_Read"),
  POLICY_SECRET(0x151, "TPM2_PolicySecret"),
  CREATE(0x153, "TPM2_Create"),
  LOAD(0x157, "TPM2_Load"),
  SIGN(0x15D, "TPM2_Sign"),
  FLUSH_CONTEXT(0x165, "TPM2_FlushContext"),
  NV_READ_PUBLIC(0x169, "TPM2_NV_ReadPublic"),
  READ_PUBLIC(0x173, "TPM2_ReadPublic"),
  START_AUTH_SESSION(0x176, "TPM2_StartAuthSession"),
  GET_CAPABILITY(0x17A, "TPM2_GetCapability");

  private final int code;
  private final String title;

  TpmCommand(int code, String title) {
    this.code = code;
    this.title = title;
  }

  int code() {
    return code;
  }

  String title() {
    return title;
  }
}
