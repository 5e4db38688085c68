//! Keys of workspaces, and the operator's (those without a workspace).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub pk: i64,
    pub api_key_id: Uuid,
    pub workspace_pk: Option<i64>,
    pub name: String,
    pub role: String,
    pub secret_hash: Vec<u8>,
    pub masked_key: String,
    pub is_active: bool,
    pub expiration_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
