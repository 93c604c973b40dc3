// The ways to reach a patient, as every list of them is ordered.

export const CHANNELS = ["whatsapp", "sms", "telegram", "line", "instagram", "email", "voice"];
